// `ringbed run` from the outside: what it prints, where, and how it ends.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, main, ringbed, scenario, shell, start, until } from './cli.js';

describe('ringbed run', () => {
  it('prints a report on standard output, progress on standard error, and ends with 0', () => {
    const { status, stdout, stderr } = ringbed(['run', scenario()]);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain('✓ conserved');
    expect(stdout).toMatch(/^Repeat: ringbed run .*small\.yaml$/m);
    expect(stderr).toContain('small: started');
  });

  it('--json prints one JSON document and nothing else', () => {
    const { status, stdout } = ringbed(['run', scenario(), '--json']);
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      schema: 'ringbed.report/1',
      scenario: { name: 'small' },
      seed: 7,
      conserved: true,
      interrupted: false,
    });
    const dropped = report.drops.reduce((sum: number, drop: { count: number }) => sum + drop.count, 0);
    expect(report.packets.offered).toBeGreaterThan(500);
    expect(report.packets.offered + report.packets.duplicated).toBe(report.packets.delivered + dropped);
  });

  it('--json before the scenario means the same', () => {
    const path = scenario();
    expect(JSON.parse(ringbed(['run', '--json', path]).stdout).digest).toBe(
      JSON.parse(ringbed(['run', path, '--json']).stdout).digest,
    );
  });

  it('--json FILE is refused before the work when there is no place for it', () => {
    const file = join(folder(), 'missing', 'report.json');
    const { status, stdout, stderr } = ringbed(['run', scenario(), '--json', file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`cannot write ${file}: no such file or folder`);
    expect(stderr).not.toContain('started');
  });

  it('--dry-run --json says as JSON what would run', () => {
    const { status, stdout } = ringbed(['run', scenario(), '--dry-run', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'ringbed.scenario/1',
      name: 'small',
      streams: ['feed'],
    });
  });

  it('takes a scenario through a pipe', () => {
    const { status, stdout } = shell(`ringbed validate <(cat '${scenario()}')`);
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('ok: small') });
  });

  it('--json FILE writes the file and still prints the report', () => {
    const file = join(folder(), 'report.json');
    const { status, stdout } = ringbed(['run', scenario(), '--json', file]);
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8')).conserved).toBe(true);
    expect(stdout).toContain('Packets');
  });

  it('gives the same numbers with and without progress, and for the same seed again', () => {
    const path = scenario();
    const digests = [[], ['--quiet'], ['--seed', '7']].map(
      (more) => JSON.parse(ringbed(['run', path, '--json', ...more]).stdout).digest,
    );
    expect(new Set(digests).size).toBe(1);
    expect(JSON.parse(ringbed(['run', path, '--json', '--seed', '8']).stdout).digest).not.toBe(digests[0]);
  });

  it('--quiet says nothing on standard error', () => {
    expect(ringbed(['run', scenario(), '--quiet']).stderr).toBe('');
  });

  it('ends with 3 when an objective is missed', () => {
    const { status, stdout } = ringbed(['run', scenario('slo: { latency.p99: "< 1ns" }\n')]);
    expect(status).toBe(3);
    expect(stdout).toMatch(/✗ latency\.(response\.)?p99/);
    expect(ringbed(['run', scenario('slo: { drops: 0 }\n')]).status).toBe(0);
  });

  it('--out keeps a record that `report` prints again, without colours or addon in between', () => {
    const out = join(folder(), 'kept');
    const first = ringbed(['run', scenario(), '--out', out]);
    expect(first.status).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['report.json', 'run.pb', 'scenario.yaml']);
    expect(ringbed(['report', out]).stdout).toBe(first.stdout);
    expect(ringbed(['report', join(out, 'run.pb')]).stdout).toBe(first.stdout);
    expect(ringbed(['report', out, '--json']).stdout).toBe(readFileSync(join(out, 'report.json'), 'utf8'));
    expect(readFileSync(join(out, 'scenario.yaml'), 'utf8')).toContain('name: small');
  });

  it('the command in a report repeats it: same digest', () => {
    const path = scenario();
    const report = JSON.parse(
      ringbed(['run', path, '--json', '--set', 'device.pool.size=64', '--seed', '9']).stdout,
    );
    const again = shell(`${report.run.command} --json --quiet`);
    expect(JSON.parse(again.stdout).digest).toBe(report.digest);
  });

  it('--dry-run and --explain stop after validation', () => {
    const path = scenario();
    expect(ringbed(['run', path, '--dry-run'])).toMatchObject({ status: 0, stderr: '' });
    const { status, stdout } = ringbed(['run', path, '--explain', '--set', 'device.pool.size=77']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/device\.pool\.size.*77.*--set/);
    expect(stdout).toMatch(/seed.*7.*small\.yaml:2/);
  });
});

describe('on a terminal', () => {
  // script(1) gives the command a terminal for all three streams.
  const onTerminal = (env: string): string =>
    shell(
      `${env} script -qec '"${process.execPath}" "${main}" run ${scenario('', { duration: '2s' })}' /dev/null`,
    ).stdout;

  it('has colours and a live line that is taken away', () => {
    const text = onTerminal('env -u NO_COLOR TERM=xterm-256color LANG=C.UTF-8');
    expect(text).toContain('\u001b[1msmall\u001b[0m');
    expect(text).toContain('\r\u001b[K');
    expect(text).not.toContain('small: started');
  });

  it('has no colours with NO_COLOR', () => {
    expect(onTerminal('env NO_COLOR=1 TERM=xterm-256color LANG=C.UTF-8')).not.toContain('\u001b[1m');
  });
});

describe('interrupting a run', () => {
  it('Ctrl-C ends it cleanly: a report marked interrupted, exit code 130', async () => {
    const run = start(['run', scenario('', { duration: '10h' }), '--json']);
    await until(() => run.stderr().includes('started'));
    run.interrupt();
    const { status, stdout } = await run.finished;
    expect(status).toBe(130);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ interrupted: true, conserved: true });
    expect(report.packets.offered).toBeGreaterThan(0);
  });

  it('a sweep that is interrupted keeps what it has', async () => {
    const csv = join(folder(), 'sweep.csv');
    const path = scenario('', { duration: '10h' });
    const sweep = start([
      'sweep',
      path,
      '--vary',
      'device.pool.size=64,128',
      '--jobs',
      '1',
      '--csv',
      csv,
      '--json',
    ]);
    await until(() => sweep.stderr().includes('started'));
    sweep.interrupt();
    const { status, stdout } = await sweep.finished;
    expect(status).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, rows: [{ interrupted: true }] });
    expect(existsSync(csv)).toBe(true);
  });
});

describe('output that cannot be written', () => {
  it('a reader that goes away ends it quietly', () => {
    const { stdout, stderr } = shell(`ringbed run ${scenario()} --json --quiet | head -1`);
    expect(stdout).toBe('{\n');
    expect(stderr).toBe('');
  });

  it('a full disk is an error: standard output, --json and --out', () => {
    const path = scenario();
    const stdout = shell(`ringbed run ${path} --quiet > /dev/full`);
    expect(stdout).toMatchObject({ status: 4, stderr: expect.stringContaining('the disk is full') });
    const json = ringbed(['run', path, '--quiet', '--json', '/dev/full']);
    expect(json).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('cannot write /dev/full: the disk is full'),
    });
    const blocked = join(folder(), 'file');
    writeFileSync(blocked, '');
    expect(ringbed(['run', path, '--quiet', '--out', join(blocked, 'dir')])).toMatchObject({ status: 2 });
  });
});
