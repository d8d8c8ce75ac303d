// Every file in scenarios/ against what it gave before: its digest, its counts and its exit code. A change
// that is meant is taken over by: UPDATE_GOLDEN=1 npx vitest run --project e2e test/golden
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ringbed, root } from '../e2e/cli.js';

interface Golden {
  status: number;
  scenario: string;
  digest: string;
  packets: Record<string, number>;
  drops: Record<string, number>;
}

const file = join(import.meta.dirname, 'scenarios.json');
const update = process.env.UPDATE_GOLDEN === '1';
const stored: Record<string, Golden> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const names = readdirSync(join(root, 'scenarios'))
  .filter((name) => name.endsWith('.yaml'))
  .sort();
const seen: Record<string, Golden> = {};

function run(name: string): Golden {
  const { status, stdout, stderr } = ringbed(['run', join('scenarios', name), '--json', '--quiet']);
  expect(stderr).toBe('');
  const report = JSON.parse(stdout);
  expect(report.conserved).toBe(true);
  return {
    status: status as number,
    scenario: report.scenario.digest,
    digest: report.digest,
    packets: report.packets,
    drops: Object.fromEntries(
      report.drops.map((drop: { stage: string; reason: string; count: number }) => [
        `${drop.stage}.${drop.reason}`,
        drop.count,
      ]),
    ),
  };
}

describe('golden scenarios', () => {
  it.each(names)('%s', (name) => {
    const result = run(name);
    seen[name] = result;
    if (!update) expect(result).toEqual(stored[name]);
  });

  it('has a stored result for each file and none for others', () => {
    if (!update) expect(Object.keys(stored).sort()).toEqual(names);
  });
});

afterAll(() => {
  if (update) writeFileSync(file, `${JSON.stringify(seen, null, 1)}\n`);
});
