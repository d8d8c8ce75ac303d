// Loading the addon: where it is looked for, and what is said when none loads.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RingbedError } from '../../../src/errors/index.js';
import { addonCandidates, loadFrom } from '../../../src/native/index.js';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'ringbed-load-'));
});
afterEach(() => rmSync(top, { recursive: true }));

function failure(candidates: string[]): RingbedError {
  try {
    loadFrom(candidates, top);
  } catch (error) {
    return error as RingbedError;
  }
  throw new Error('it loaded');
}

describe('loading the addon', () => {
  it('looks at the own build before the prebuilt one', () => {
    const [own, prebuilt] = addonCandidates('/x');
    expect(own).toBe('/x/build/Release/ringbed.node');
    expect(prebuilt).toBe(`/x/prebuilds/linux-${process.arch}/ringbed.node`);
  });

  it('names every place, the cause and the remedy; exit code 4', () => {
    const damaged = join(top, 'damaged.node');
    writeFileSync(damaged, 'this is no shared object');
    const error = failure([join(top, 'absent.node'), damaged]);
    expect(error).toBeInstanceOf(RingbedError);
    expect(error.exitCode).toBe(4);
    expect(error.message).toContain('absent.node: not there');
    expect(error.message).toContain('damaged.node: ');
    expect(error.hint).toContain('cmake-js build');
  });

  it('in a checkout proposes the set-up script', () => {
    writeFileSync(join(top, 'package.json'), '{}');
    const scripts = join(top, 'scripts');
    mkdirSync(scripts);
    writeFileSync(join(scripts, 'setup.mjs'), '');
    expect(failure([join(top, 'absent.node')]).hint).toContain('npm run setup');
  });
});
