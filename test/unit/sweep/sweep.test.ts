// Sweeps with a stand-in for the native core that finishes in any order: rows stay in grid order and do
// not depend on the number of jobs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConnectionsResult, RunInput, RunRecord } from '../../../src/run/index.js';
import { type Axis, gridOf, parseAxis, renderSweep, runSweep, toCsv } from '../../../src/sweep/index.js';
import { histogramOf, sampleRecord } from '../report/fixture.js';

const axes: Axis[] = [
  { path: 'device.pool.size', values: ['128', '256', '512'] },
  { path: 'nic.rxDescriptors', values: ['512', '1024'] },
];

// The plan's bytes carry the cell, so that the stand-in knows what it is asked for.
function compile(sets: readonly string[], repeat: number): RunInput {
  return {
    plan: Buffer.from(`${sets.join(' ')} #${repeat}`),
    digest: 'd',
    yaml: new Uint8Array(),
    command: 'c',
  };
}

async function run(input: RunInput): Promise<RunRecord> {
  const text = Buffer.from(input.plan).toString();
  const number = [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 100_003, 7);
  // Any order: the delay has nothing to do with the place in the grid.
  await new Promise((resolve) => setTimeout(resolve, (number % 5) * 4));
  const record = sampleRecord();
  record.result.digest = `digest of ${text}`;
  record.plan.seed = BigInt(text.split('#')[1] as string);
  record.result.latency = [{ name: 'response', ns: histogramOf([number, number * 2, number * 3]) }];
  return record;
}

describe('grid', () => {
  it('is every combination, the last axis fastest', () => {
    expect(gridOf(axes).map((cell) => cell.values.join('/'))).toEqual([
      '128/512',
      '128/1024',
      '256/512',
      '256/1024',
      '512/512',
      '512/1024',
    ]);
  });

  it('has as many cells as the product of its axes', () => {
    const axis = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,4}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (lists) => {
        const cells = gridOf(lists.map((values, i) => ({ path: `p${i}`, values })));
        expect(cells).toHaveLength(lists.reduce((product, values) => product * values.length, 1));
        expect(new Set(cells.map((cell) => cell.sets.join(' '))).size).toBe(cells.length);
      }),
    );
  });

  it.each([
    ['a.b=1,2,3', ['1', '2', '3']],
    ['a.b={ poisson: 1kpps, x: 2 }, 5kpps', ['{ poisson: 1kpps, x: 2 }', '5kpps']],
    ['a.b=[1,2],[3]', ['[1,2]', '[3]']],
    ["a.b='x,y',z", ["'x,y'", 'z']],
    ['a.b=c=d', ['c=d']],
  ])('splits %s', (text, values) => expect(parseAxis(text)).toEqual({ path: 'a.b', values }));

  it.each(['a=1,,2', 'a=', '=1', 'a=1,1'])('refuses %s', (text) =>
    expect(() => parseAxis(text)).toThrow(/--vary/),
  );

  it('refuses an axis named twice and a grid beyond reason', () => {
    expect(() => gridOf([...axes, axes[0] as Axis])).toThrow(/device\.pool\.size is given twice/);
    const large = { path: 'x', values: Array.from({ length: 1000 }, (_, i) => String(i)) };
    expect(() => gridOf([large, { ...large, path: 'y' }])).toThrow(/1000000 cells/);
  });
});

describe('sweep', () => {
  it('gives the same rows for any number of jobs, in grid order', async () => {
    const one = await runSweep({ axes, repeat: 3, jobs: 1, compile, run });
    expect(one.rows.map((row) => row.index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(one.rows[1]?.digests).toEqual(
      [0, 1, 2].map((repeat) => `digest of device.pool.size=128 nic.rxDescriptors=1024 #${repeat}`),
    );
    for (const jobs of [2, 4, 64]) {
      expect(await runSweep({ axes, repeat: 3, jobs, compile, run })).toEqual(one);
    }
  });

  it('adds counts up, takes the highest peaks and merges latencies', async () => {
    const { rows } = await runSweep({ axes: [axes[0] as Axis], repeat: 2, jobs: 2, compile, run });
    const table = sampleRecord().result.connections as ConnectionsResult;
    expect(rows[0]).toMatchObject({
      packets: { offered: 400_000n, dropped: 2400n },
      pool: { inUsePeak: 256, exhausted: 586n },
      connections: { inserted: 2n * table.inserted, peak: table.peak, bytes: table.bytes },
      seeds: [0n, 1n],
      status: 3,
    });
    expect(rows[0]?.latency.response?.count).toBe(6n);
  });

  it('compiles every cell before the first run: a bad value costs nothing', async () => {
    let runs = 0;
    const bad = (sets: readonly string[], repeat: number): RunInput => {
      if (sets.includes('nic.rxDescriptors=1024')) throw new Error('bad value');
      return compile(sets, repeat);
    };
    const counting = async (input: RunInput): Promise<RunRecord> => {
      runs++;
      return run(input);
    };
    await expect(runSweep({ axes, repeat: 1, jobs: 2, compile: bad, run: counting })).rejects.toThrow(
      'bad value',
    );
    expect(runs).toBe(0);
  });

  it('ends early when told to, and says so', async () => {
    const controller = new AbortController();
    const { rows, interrupted } = await runSweep({
      axes,
      repeat: 1,
      jobs: 1,
      compile,
      run,
      signal: controller.signal,
      onProgress: (finished) => finished === 2 && controller.abort(),
    });
    expect(interrupted).toBe(true);
    expect(rows.map((row) => row.index)).toEqual([0, 1]);
  });

  it('starts nothing new after a run failed', async () => {
    let started = 0;
    const failing = async (input: RunInput): Promise<RunRecord> => {
      if (++started === 2) throw new Error('core failed');
      return run(input);
    };
    await expect(runSweep({ axes, repeat: 1, jobs: 1, compile, run: failing })).rejects.toThrow(
      'core failed',
    );
    expect(started).toBe(2);
  });
});

describe('sweep output', () => {
  it('CSV has a line a cell and as many fields in each (RFC 4180)', async () => {
    const { rows } = await runSweep({
      axes: [{ path: 'x', values: ['[1,2]', 'say "hi"'] }],
      repeat: 1,
      jobs: 1,
      compile,
      run,
    });
    const lines = toCsv(rows).split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^"\[1,2\]",1,200000,/);
    expect(lines[2]).toMatch(/^"say ""hi""",/);
    expect(lines[0]).toContain('drops.rx_ring_full');
    const fields = (line = ''): number => line.replace(/"([^"]|"")*"/g, 'q').split(',').length;
    expect(fields(lines[1])).toBe(fields(lines[0]));
  });

  it.each([
    [['device.connections.kind'], /^ +connections\.kind .* probes +chain +rejected +evicted +table/],
    [['core.batch'], /^ +core\.batch +offered +dropped +mostly +p50 +p99 +Δ p99 +p99\.9 +slo/],
    [['traffic.a.rate', 'traffic.b.rate', 'link.rate'], /^ +a\.rate +b\.rate +link\.rate /],
    [['traffic.a.x.y', 'device.x.y'], /^ +traffic\.a\.x\.y +device\.x\.y /],
  ])('shows the figures of what is varied: %s', async (paths, heads) => {
    const of = (path: string): Axis => ({ path, values: ['1', '2'] });
    const { rows } = await runSweep({ axes: paths.map(of), repeat: 1, jobs: 1, compile, run });
    const heading = { name: 'n', interrupted: false, repeat: 1, command: 'ringbed sweep' };
    const text = renderSweep(rows, heading, { width: 200, color: false, unicode: true });
    expect(text.split('\n')[2]).toMatch(heads);
  });

  it('the table compares with the first cell and fits the terminal', async () => {
    const { rows } = await runSweep({ axes, repeat: 1, jobs: 2, compile, run });
    const heading = { name: 'n', interrupted: false, repeat: 1, command: 'ringbed sweep' };
    const text = renderSweep(rows, heading, { width: 80, color: false, unicode: true });
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('Δ p99');
    expect(text).toMatch(/pool\.size +nic\.rxDescriptors .* rx peak +slo/);
    expect(text).toMatch(/[+-][\d.]+ %|×/);
  });
});
