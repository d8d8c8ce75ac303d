// Mistakes on the command line and in scenarios: one clear message, the right exit code, never a stack.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, ringbed, scenario } from './cli.js';

function mistake(args: readonly string[]): { status: number | null; stderr: string } {
  const { status, stdout, stderr } = ringbed(args);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toBe('');
  return { status, stderr };
}

describe('usage', () => {
  it.each([
    ['an unknown command, with the nearest', ['rnu'], /Did you mean run\?/],
    ['an unknown flag, with the nearest', ['run', 'x.yaml', '--sed', '1'], /Did you mean .*--seed/],
    ['a scenario that is not named', ['run'], /missing required argument 'scenario'/],
    ['too many arguments', ['run', 'a.yaml', 'b.yaml'], /too many arguments/],
    ['a --set without a value', ['run', 'x.yaml', '--set', 'seed'], /PATH=VALUE/],
    ['a sweep without an axis', ['sweep', 'x.yaml'], /--vary/],
    ['no jobs', ['sweep', 'x.yaml', '--vary', 'seed=1,2', '--jobs', '0'], /whole number from 1/],
    ['a capture without a name', ['gen', 'x.yaml'], /--out/],
  ])('%s', (_what, args, message) => {
    const { status, stderr } = mistake(args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it('a scenario too large for this machine: valid, with a warning; a run ends with 4', () => {
    const file = join(folder(), 'large.yaml');
    writeFileSync(file, 'traffic: [{ to: 10.0.0.2:1 }]\ndevice: { pool: { size: 1_000_000_000 } }\n');
    const valid = ringbed(['validate', file]);
    expect(valid).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ok: /) });
    for (const { stderr } of [valid, ringbed(['run', file])])
      expect(stderr).toMatch(/large\.yaml:2:25: device\.pool\.size: 1_000_000_000 needs 1\.4 TiB/);
    expect(mistake(['run', file]).status).toBe(4);
  });

  it('nothing at all shows the help and ends with 2', () => {
    const { status, stderr } = ringbed([]);
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: ringbed');
  });

  it('--help and --version end with 0', () => {
    expect(ringbed(['--help'])).toMatchObject({ status: 0, stderr: '' });
    expect(ringbed(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^ringbed \d+\.\d+\.\d+\n$/),
    });
    expect(ringbed(['run', '--help']).stdout).toContain('--set');
  });

  it('every command that help lists has help of its own', () => {
    const commands = [...ringbed(['--help']).stdout.matchAll(/^ {2}(\w+) /gm)].map(
      (match) => match[1] as string,
    );
    expect(commands).toEqual(
      expect.arrayContaining([
        'run',
        'sweep',
        'gen',
        'decode',
        'validate',
        'schema',
        'report',
        'calibrate',
        'doctor',
        'bench',
      ]),
    );
    for (const command of commands) expect(ringbed([command, '--help']).status).toBe(0);
  });
});

describe('bad input', () => {
  it.each([
    ['a scenario that is not there', () => ['run', '/no/such/scenario.yaml'], /\/no\/such\/scenario\.yaml/],
    ['a scenario that is a folder', () => ['run', folder()], /folder|directory/],
    [
      'a key that does not exist',
      () => ['run', scenario('nick: { queues: 1 }\n')],
      /small\.yaml:\d+:\d+.*nick.*did you mean nic\?/s,
    ],
    ['a wrong unit', () => ['run', scenario('link: { rate: 10 parsecs }\n')], /link\.rate/],
    [
      'a --set of a key that does not exist',
      () => ['run', scenario(), '--set', 'device.pol.size=1'],
      /pol.*did you mean pool\?/s,
    ],
    [
      'a --vary of a key that does not exist',
      () => ['sweep', scenario(), '--vary', 'device.pol.size=1,2'],
      /pol.*did you mean pool\?/s,
    ],
    ['a seed that is no number', () => ['run', scenario(), '--seed', 'abc'], /--seed abc[\s\S]*whole number/],
    ['an unknown metric', () => ['run', scenario('slo: { latency.p98: "< 1us" }\n')], /latency\.p98/],
    [
      'a cost profile that is not there',
      () => ['run', scenario(), '--costs', '/no/costs.yaml'],
      /\/no\/costs\.yaml/,
    ],
    ['a run that is not there', () => ['report', '/no/run'], /cannot read \/no\/run/],
    ['a capture that is not there', () => ['decode', '/no/capture.pcap'], /\/no\/capture\.pcap/],
  ])('%s', (_what, args, message) => {
    const { status, stderr } = mistake(args());
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it('every fault of a scenario at once', () => {
    const { status, stderr } = mistake(['run', scenario('nick: {}\nlink: { rate: 10 parsecs }\n')]);
    expect(status).toBe(2);
    expect(stderr).toContain('nick');
    expect(stderr).toContain('link.rate');
  });

  it('bytes that are no YAML, no record and no capture', () => {
    const file = join(folder(), 'noise.bin');
    writeFileSync(file, Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919) % 256)));
    for (const command of ['run', 'report', 'decode', 'validate'])
      expect(mistake([command, file]).status).toBe(2);
  });

  it('more memory than there is: exit code 4, and what to do', () => {
    const { status, stderr } = mistake([
      'run',
      scenario(),
      '--set',
      'device.pool.size=1000000000',
      '--set',
      'device.pool.bufferBytes=9000',
    ]);
    expect(stderr).toMatch(/memory|at most/);
    expect([2, 4]).toContain(status);
  });

  it('an interface that is not there', () => {
    const { status, stderr } = mistake(['run', scenario(), '--on', 'nic:nosuch0']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/no network interface 'nosuch0'[\s\S]*ip link/);
  });
});
