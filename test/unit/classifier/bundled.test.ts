// The object that ships in csrc/classifier/ is what its sources say. `node scripts/compile-classifier.mjs` makes it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compile, folder, object, origin, record } from '../../../scripts/lib/classifier.mjs';
import { describeObject, runClassifier } from '../../../src/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'ringbed-bundled-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const shipped = join(folder, object);
const made = JSON.parse(readFileSync(join(folder, record), 'utf8'));
const here = origin();

it('was made from the sources that are here', () => {
  expect(made.sources, 'run node scripts/compile-classifier.mjs').toBe(here.sources);
});

it.skipIf(here.clang === undefined)(
  'is what the compiler makes of them',
  async () => {
    const compiled = join(scratch, object);
    await compile(compiled);
    if (here.clang === made.clang && here.preprocessed === made.preprocessed) {
      expect(readFileSync(compiled).equals(readFileSync(shipped)), 'same input, other output').toBe(true);
      return;
    }
    // Another compiler or other system headers: other code, which has to do the same.
    const names = describeObject(shipped).programs.map(({ name }) => name);
    expect(describeObject(compiled).programs.map(({ name }) => name)).toEqual(names);
    for (const stages of names
      .filter((name) => name !== 'classifier' && name !== 'parse')
      .map((name) => ['parse', name])) {
      const options = { stages, random: 20_000, seed: 7n };
      const [ours, theirs] = [await runClassifier(shipped, options), await runClassifier(compiled, options)];
      expect(theirs, stages.join()).toEqual(ours);
    }
  },
  60_000,
);

it('names no place of the machine that made it', () => {
  expect(readFileSync(shipped, 'latin1')).not.toMatch(/\/(home|root|tmp|work|usr|build)\//);
});
