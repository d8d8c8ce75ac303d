import { describe, expect, it } from 'vitest';
import { LiveCounters } from '../../../src/run/index.js';

const rows = ['time_ns', 'end_ns', 'end_packets', 'offered', 'received', 'responses', 'dropped'].map(
  (name) => ({ name, text: '' }),
);

function counters(values: Record<string, number>): LiveCounters {
  const live = new LiveCounters(rows);
  for (const [name, value] of Object.entries(values))
    live.cells[rows.findIndex((row) => row.name === name)] = BigInt(value);
  return live;
}

describe('live counters', () => {
  it('are shared memory, a cell a row', () => {
    const live = new LiveCounters(rows);
    expect(live.cells.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(live.cells).toHaveLength(rows.length);
  });

  it.each([
    ['by packets', { offered: 25, end_packets: 100, time_ns: 1, end_ns: 2 }, 0.25],
    ['by time', { offered: 25, time_ns: 30, end_ns: 40 }, 0.75],
    ['never above 1', { offered: 101, end_packets: 100 }, 1],
    ['unknown', { offered: 101 }, null],
  ])('know how far the run is: %s', (_how, values, share) => {
    expect(counters(values).progress().share).toBe(share);
  });

  it('read 0 for a counter that the core does not have', () => {
    expect(new LiveCounters([]).progress()).toEqual({
      timeNs: 0,
      offered: 0,
      received: 0,
      responses: 0,
      dropped: 0,
      share: null,
    });
  });
});
