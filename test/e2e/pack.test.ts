// `npm pack`, installed somewhere else without install scripts: the command runs with the addon that the
// package carries, the types resolve, and without any addon what needs none still works.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './cli.js';

let place: string;
let installed: string;
let files: string[];

function run(
  command: string,
  args: string[],
  cwd = place,
): { status: number | null; stdout: string; stderr: string } {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    maxBuffer: 64 * 2 ** 20,
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'ringbed-pack-'));
  installed = join(place, 'node_modules/ringbed');
  const prepared = run(process.execPath, [join(root, 'scripts/prepack.mjs'), '--as-built'], root);
  expect(prepared).toMatchObject({ status: 0 });
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', place], root);
  expect(packed).toMatchObject({ status: 0 });
  const [{ filename, files: listed }] = JSON.parse(packed.stdout) as [
    { filename: string; files: { path: string }[] },
  ];
  files = listed.map((file) => file.path);
  mkdirSync(installed, { recursive: true });
  expect(run('tar', ['xzf', join(place, filename), '--strip-components=1', '-C', installed])).toMatchObject({
    status: 0,
  });
  // What npm would fetch for it: the dependencies alone, and theirs, at the versions of the lock file.
  for (const name of productionPackages()) {
    cpSync(join(root, name), join(place, name), { recursive: true });
  }
  writeFileSync(join(place, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }\n');
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

// Offline: from this checkout's node_modules, as the lock file marks them.
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, about]) => path !== '' && !about.dev && !about.devOptional && !about.optional)
    .map(([path]) => path)
    .filter((path) => existsSync(join(root, path)));
}

const ringbed = (...args: string[]) => run(process.execPath, [join(installed, 'dist/cli/main.js'), ...args]);

describe('the packed package', () => {
  it('holds what it needs and nothing of the workshop', () => {
    for (const file of [
      'dist/cli/main.js',
      'dist/index.d.ts',
      'generated/tables.json',
      'generated/proto.json',
      'CMakeLists.txt',
      'LICENSE',
    ]) {
      expect(files).toContain(file);
    }
    expect(files).toContain(`prebuilds/linux-${process.arch}/ringbed.node`);
    expect(files.some((file) => file.startsWith('csrc/binding/'))).toBe(true);
    expect(files.some((file) => file.startsWith('scenarios/'))).toBe(true);
    expect(files.filter((file) => /^(src|test|scripts|build|node_modules|\.)/.test(file))).toEqual([]);
  });

  it('needs no install script', () => {
    const { scripts = {} } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      scripts?: Record<string, string>;
    };
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  it('runs a scenario that it carries, with the same digest as the checkout', () => {
    const scenario = 'scenarios/nanonet-multicast.yaml';
    const elsewhere = ringbed(
      'run',
      join(installed, scenario),
      '--json',
      '--quiet',
      '--set',
      'packets=20000',
    );
    expect(elsewhere.stderr).toBe('');
    const here = run(
      process.execPath,
      [join(root, 'dist/cli/main.js'), 'run', scenario, '--json', '--quiet', '--set', 'packets=20000'],
      root,
    );
    expect(JSON.parse(elsewhere.stdout).digest).toBe(JSON.parse(here.stdout).digest);
  });

  it('is a library too', () => {
    writeFileSync(
      join(place, 'use.js'),
      `import { buildReport, loadScenarioFile, runPlan } from 'ringbed';
const scenario = loadScenarioFile('${join(installed, 'scenarios/nanonet-unicast.yaml')}', { sets: ['packets=5000'] });
const { record } = await runPlan({ plan: scenario.bytes, digest: scenario.digest, yaml: Buffer.from(scenario.source), command: '' });
console.log(buildReport(record).packets.offered);
`,
    );
    expect(run(process.execPath, ['use.js'])).toMatchObject({ status: 0, stdout: '5000n\n' });
  });

  it('without the addon still validates and reports, and says what is missing for a run', () => {
    const out = join(place, 'kept');
    const scenario = join(installed, 'scenarios/nanonet-unicast.yaml');
    expect([0, 3]).toContain(
      ringbed('run', scenario, '--out', out, '--quiet', '--set', 'packets=5000').status,
    );
    rmSync(join(installed, 'prebuilds'), { recursive: true });
    expect(ringbed('validate', scenario).status).toBe(0);
    expect(ringbed('schema').status).toBe(0);
    expect(ringbed('report', out).status).toBe(0);
    const refused = ringbed('run', scenario);
    expect(refused.status).toBe(4);
    expect(refused.stderr).toMatch(/native addon cannot be loaded[\s\S]*not there[\s\S]*cmake-js build/);
    expect(ringbed('doctor').status).toBe(4);
  });
});
