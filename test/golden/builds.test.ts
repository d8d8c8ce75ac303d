// The same plan in every build: the addon (Release), the test tree (assertions on) and the sanitized
// tree (-O1) must give the same digest. `run_plan` runs a plan without Node; `npm test` builds it in each
// tree before this runs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadScenarioFile, runPlan } from '../../src/index.js';
import { root } from '../e2e/cli.js';

const trees = ['test', 'asan'].map((tree) => join(root, 'build', tree, 'run_plan'));
const folder = mkdtempSync(join(tmpdir(), 'ringbed-builds-'));
const names = readdirSync(join(root, 'scenarios')).filter((name) => name.endsWith('.yaml'));

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(trees.filter((tool) => existsSync(tool)))('%s', (tool) => {
  it.each(names)('agrees with the addon on %s', async (name) => {
    const { bytes, digest } = await loadScenarioFile(join(root, 'scenarios', name), {
      sets: ['packets=40000'],
    });
    const file = join(folder, `${name}.pb`);
    writeFileSync(file, bytes);
    const { record } = await runPlan({ plan: bytes, digest, yaml: new Uint8Array(), command: '' });
    const [other, conserved] = execFileSync(tool, [file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split(/\s+/);
    expect(other).toBe(record.result.digest);
    expect(conserved).toBe('conserved');
  });
});

it('has at least one other build to compare with', () => {
  expect(trees.some((tool) => existsSync(tool))).toBe(true);
});
