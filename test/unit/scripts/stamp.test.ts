// What the build may skip: nothing whose inputs, outputs or recipe changed.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { root } from '../../../scripts/lib/process.mjs';
import { onceFor } from '../../../scripts/lib/stamp.mjs';

let top: string;
let name: string;
let made: number;
let recipe: { inputs: string[]; outputs: string[]; salt: string };

beforeEach(() => {
  mkdirSync(join(root, 'build'), { recursive: true });
  top = mkdtempSync(join(root, 'build/stamp-test-'));
  name = `test-${relative(join(root, 'build'), top)}`;
  made = 0;
  const inside = (file: string): string => relative(root, join(top, file));
  mkdirSync(join(top, 'in/deep'), { recursive: true });
  writeFileSync(join(top, 'in/deep/a'), 'a');
  recipe = { inputs: [inside('in')], outputs: [inside('out')], salt: 'x' };
});

afterEach(() => {
  rmSync(top, { recursive: true });
  rmSync(join(root, 'build/.stamps', name), { force: true });
});

async function build(): Promise<boolean> {
  return onceFor(name, recipe, () => {
    made++;
    writeFileSync(join(top, 'out'), 'made');
  });
}

it('makes once, and again only when something changed', async () => {
  expect(await build()).toBe(true);
  expect(await build()).toBe(false);

  utimesSync(join(top, 'in/deep/a'), 1, 1);
  expect(await build()).toBe(true);

  writeFileSync(join(top, 'in/b'), '');
  expect(await build()).toBe(true);

  rmSync(join(top, 'in/b'));
  expect(await build()).toBe(true);

  rmSync(join(top, 'out'));
  expect(await build()).toBe(true);

  recipe.salt = 'y';
  expect(await build()).toBe(true);
  expect(await build()).toBe(false);
  expect(made).toBe(6);
});

it('tries again after a failure', async () => {
  const failing = onceFor(name, recipe, () => {
    writeFileSync(join(top, 'out'), 'half');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await build()).toBe(true);
});
