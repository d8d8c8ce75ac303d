// The layer check itself: a planted violation of every kind is found, and a sound tree passes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layerViolations } from '../../../scripts/check-layers.mjs';

let top: string;

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(top, file)), { recursive: true });
  writeFileSync(join(top, file), text);
}

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'ringbed-layers-'));
  plant('CMakeLists.txt', 'set(RINGBED_FOLDERS base wire feed)\n');
  plant('csrc/base/CMakeLists.txt', 'ringbed_library(base)\n');
  plant('csrc/wire/CMakeLists.txt', 'ringbed_library(wire\n  SOURCES a.cpp\n  USES base)\n');
  plant('csrc/feed/CMakeLists.txt', 'ringbed_library(feed USES wire)\n');
  plant('csrc/feed/f.hpp', '#include "wire/a.hpp"\n#include "base/b.hpp"\n#include <vector>\n');
  plant('csrc/base/b.hpp', '#define ALLOWED_HERE 1\n');
  plant(
    'src/run/run.ts',
    "import { a } from '../errors/index.js';\nimport type { P } from '../scenario/plan.js';\n",
  );
  plant('src/report/report.ts', "import type { R } from '../run/result.js';\n");
});

afterEach(() => rmSync(top, { recursive: true }));

describe('layer check', () => {
  it('passes a tree that keeps the layers', () => {
    expect(layerViolations(top)).toEqual([]);
  });

  it.each([
    [
      'an include that points up',
      'csrc/wire/a.cpp',
      '// x\n#include "feed/f.hpp"\n',
      /wire\/a\.cpp:2: wire\/ must not include feed\//,
    ],
    [
      'a folder that links up',
      'csrc/wire/CMakeLists.txt',
      'ringbed_library(wire USES base feed)\n',
      /wire\/ must not use feed\//,
    ],
    ['napi outside binding', 'csrc/feed/x.cpp', '#include <napi.h>\n', /only binding/],
    ['a macro outside base', 'csrc/feed/x.cpp', '#define X 1\n', /macros live in base/],
    [
      'an import that points up',
      'src/scenario/s.ts',
      "import {\n  a,\n} from '../run/run.js';\n",
      /scenario\/s\.ts:1: scenario\/ must not import run/,
    ],
    [
      'a dynamic import that points up',
      'src/errors/e.ts',
      "await import('../cli/main.js');\n",
      /must not import cli/,
    ],
    ['an export from above', 'src/native/n.ts', "export * from '../run/run.js';\n", /must not import run/],
    [
      'report using code of run',
      'src/report/r.ts',
      "import { runPlan } from '../run/run.js';\n",
      /must not import run/,
    ],
    ['a folder without a row', 'src/stray/s.ts', '\n', /no row/],
    ['a file that is too long', 'src/run/long.ts', '\n'.repeat(701), /701 lines/],
  ])('finds %s', (_what, file, text, expected) => {
    plant(file, text);
    const violations = layerViolations(top);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(expected);
  });
});
