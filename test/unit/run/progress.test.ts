import { describe, expect, it } from 'vitest';
import { LiveCounters } from '../../../src/run/index.js';

const row = (name: string) => ({ name, text: '', kind: 'count' as const });
const rows = ['time_ns', 'end_ns', 'end_packets', 'offered', 'received', 'responses', 'dropped'].map(row);
const tables = {
  counters: rows,
  stages: [row('link'), row('nic')],
  reasons: [row('none'), row('link_loss'), row('mac_filter')],
  streamCounters: [row('offered'), row('responses')],
  ringCounters: [row('full')],
  coreCounters: [row('received'), row('polls'), row('busy_ns')],
};

function counters(values: Record<string, number>): LiveCounters {
  const live = new LiveCounters(tables);
  for (const [name, value] of Object.entries(values))
    live.cells[rows.findIndex((row) => row.name === name)] = BigInt(value);
  return live;
}

describe('live counters', () => {
  it('are shared memory, a cell a row', () => {
    const live = new LiveCounters(tables);
    expect(live.cells.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(live.cells).toHaveLength(rows.length + 2 * 3);
  });

  it('have a group of cells for each stream, ring and core, one behind the other', () => {
    const live = new LiveCounters(tables, { streams: ['a', 'b'], queues: 3, cores: 2 });
    expect(live.cells).toHaveLength(7 + 6 + 2 * 2 + 3 * 1 + 2 * 3);
    live.cells.forEach((_, at) => {
      live.cells[at] = BigInt(at);
    });
    expect([live.stream(0, 0), live.stream(1, 1)]).toEqual([13n, 16n]);
    expect([live.ring(0, 0), live.ring(2, 0)]).toEqual([17n, 19n]);
    expect([live.core(0, 0), live.core(1, 2)]).toEqual([20n, 25n]);
  });

  it('list the drops that are not zero', () => {
    const live = new LiveCounters(tables);
    live.cells[rows.length + 1 * 3 + 2] = 9n;
    expect(live.drops()).toEqual([{ stage: 'nic', reason: 'mac_filter', count: 9n }]);
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
    expect(new LiveCounters({ ...tables, counters: [] }).progress()).toEqual({
      timeNs: 0,
      offered: 0,
      received: 0,
      responses: 0,
      dropped: 0,
      share: null,
    });
  });
});
