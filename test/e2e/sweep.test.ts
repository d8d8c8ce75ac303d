// `ringbed sweep` from the outside: the same rows and digests for any number of jobs, whole files or none.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, ringbed, root, scenario } from './cli.js';

const grid = ['--vary', 'device.pool.size=4,16,64', '--vary', 'nic.rxDescriptors=64,1024', '--repeat', '2'];

describe('ringbed sweep', () => {
  it('gives the same document for any number of jobs', () => {
    const path = scenario();
    const [one, two, four] = ['1', '2', '4'].map((jobs) =>
      JSON.parse(ringbed(['sweep', path, ...grid, '--jobs', jobs, '--json', '--quiet']).stdout),
    );
    expect(one.rows).toHaveLength(6);
    expect(one.rows[0].values).toEqual({ 'device.pool.size': '4', 'nic.rxDescriptors': '64' });
    expect(one.rows[0].seeds).toEqual([7, 8]);
    expect(new Set(one.rows[0].digests).size).toBe(2);
    expect(two).toEqual(one);
    expect(four).toEqual(one);
  });

  it('refuses to run several at once on one interface', () => {
    const { status, stderr } = ringbed(['sweep', scenario(), '--on', 'nic:lo', ...grid, '--jobs', '2']);
    expect(stderr).toMatch(/^ringbed: --jobs: runs on one interface go one after the other\n/);
    expect(status).toBe(2);
  });

  it('a cell is the run that its values describe', () => {
    const path = scenario();
    const { rows } = JSON.parse(
      ringbed(['sweep', path, '--vary', 'device.pool.size=8,32', '--json', '--quiet']).stdout,
    );
    for (const row of rows) {
      const size = row.values['device.pool.size'];
      const report = JSON.parse(
        ringbed(['run', path, '--set', `device.pool.size=${size}`, '--json', '--quiet']).stdout,
      );
      expect(row.digests).toEqual([report.digest]);
      expect(row.packets.offered).toBe(report.packets.offered);
      expect(row.latency.response).toEqual(report.latency.response);
    }
  });

  // 10 ms without the core at 500 kpps: what the ring cannot hold is lost, to the frame.
  it('the ring size decides what a GC pause loses', () => {
    const { status, stdout } = ringbed([
      'sweep',
      join(root, 'scenarios/gc-pause.yaml'),
      '--vary',
      'nic.rxDescriptors=512,1024,2048,4096,8192',
      '--json',
      '--quiet',
    ]);
    expect(status).toBe(0);
    const { rows } = JSON.parse(stdout) as {
      rows: { values: Record<string, string>; packets: { offered: number; dropped: number } }[];
    };
    const arrivals = 512 + (rows[0]?.packets.dropped ?? Number.NaN); // of the pause: Poisson, mean 5,000
    expect(Math.abs(arrivals - 5000)).toBeLessThan(5 * Math.sqrt(5000));
    for (const { values, packets } of rows) {
      const descriptors = Number(values['nic.rxDescriptors']);
      expect(packets).toMatchObject({ offered: 150_330, dropped: Math.max(0, arrivals - descriptors) });
    }
  });

  it('prints a table, and writes CSV with a line a cell', () => {
    const csv = join(folder(), 'sweep.csv');
    const { status, stdout } = ringbed(['sweep', scenario(), ...grid, '--csv', csv]);
    expect(status).toBe(0);
    expect(stdout).toContain('6 cells · 2 repeats each');
    const lines = readFileSync(csv, 'utf8').trimEnd().split('\r\n');
    expect(lines).toHaveLength(7);
    expect(lines[0]).toMatch(/^device\.pool\.size,nic\.rxDescriptors,repeats,offered,/);
  });

  it('a bad cell costs no run and leaves no file', () => {
    const csv = join(folder(), 'sweep.csv');
    const { status, stderr } = ringbed([
      'sweep',
      scenario(),
      '--vary',
      'device.pool.size=64,lots',
      '--csv',
      csv,
    ]);
    expect(status).toBe(2);
    expect(stderr).toContain('lots');
    expect(stderr).not.toContain('started');
    expect(existsSync(csv)).toBe(false);
  });

  it('ends with 3 when an objective is missed in a cell', () => {
    const path = scenario('slo: { pool.inUsePeak: "<= 2" }\n');
    expect(ringbed(['sweep', path, '--vary', 'device.pool.size=1,256', '--quiet']).status).toBe(3);
  });

  it('an axis of seeds runs each seed', () => {
    const { rows } = JSON.parse(
      ringbed(['sweep', scenario(), '--vary', 'seed=1,2,3', '--seed', '9', '--json', '--quiet']).stdout,
    );
    expect(rows.map((row: { seeds: number[] }) => row.seeds)).toEqual([[1], [2], [3]]);
  });
});
