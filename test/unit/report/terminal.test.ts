// The terminal report: it fits its width, works without Unicode and colour, and shows what matters.
import { describe, expect, it } from 'vitest';
import { buildReport, latencyCurves, renderReport } from '../../../src/report/index.js';
import { columns } from '../../../src/report/style.js';
import { sampleRecord } from './fixture.js';

const record = sampleRecord();
const report = buildReport(record);
const plain = { width: 80, color: false, unicode: true };
const render = (look = plain): string => renderReport(report, look, latencyCurves(record));

describe('terminal report', () => {
  it.each([80, 100, 120, 200])('fits %s columns', (width) => {
    const long = render({ ...plain, width })
      .split('\n')
      .filter((line) => columns(line) > width)
      // One sentence that is read as one; the repeat command must stay whole.
      .filter((line) => !/offered \+|received ·|^Repeat|^digest/.test(line));
    expect(long).toEqual([]);
  });

  it('has the same columns with colour as without', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes
    expect(render({ ...plain, color: true }).replace(/\u001b\[\d+m/g, '')).toBe(render());
  });

  it('is pure ASCII where the terminal is', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII
    expect(render({ ...plain, unicode: false })).not.toMatch(/[^\x00-\x7f]/);
  });

  it('shows conservation, drops in order of size, objectives and the command that repeats it', () => {
    const text = render();
    expect(text).toContain(
      '200,000 offered + 12 duplicated = 198,812 delivered + 1,200 dropped  ✓ conserved',
    );
    expect(text.indexOf('rx_ring_full')).toBeLessThan(text.indexOf('pool_empty'));
    expect(text.indexOf('pool_empty')).toBeLessThan(text.indexOf('ip_checksum'));
    expect(text).toMatch(/✗ drops +0 +1,200/);
    expect(text).toMatch(/✗ latency\.poolHold\.p99 .*nothing measured/);
    expect(text).toContain('Repeat: ringbed run scenarios/nanonet-multicast.yaml --seed 42');
  });

  it("names the kernel's own reasons below a drop, and what the generator could not send", () => {
    expect(render()).not.toMatch(/unsent/);
    const [first, ...others] = report.drops;
    const [stream, ...streams] = report.streams;
    if (first === undefined || stream === undefined) throw new Error('the fixture has neither');
    const live = {
      ...report,
      drops: [{ ...first, kernel: { kernel_no_socket: first.count } }, ...others],
      packets: { ...report.packets, unsent: 1234n },
      streams: [{ ...stream, unsent: 1234n }, ...streams],
    };
    const text = renderReport(live, plain);
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes(first.reason));
    expect(lines[at + 1]).toMatch(/^ +kernel_no_socket +[\d,]+ *$/);
    expect(text).toMatch(/· 1,234 unsent/);
    expect(text).toMatch(/stream +.*unsent/);
    expect(text).toMatch(new RegExp(`${stream.name} .*1,234`));
  });

  it('draws a curve that rises from left to right', () => {
    const rows = render()
      .split('\n')
      .filter((line) => /[┤│]/.test(line));
    expect(rows).toHaveLength(8);
    const first = (row: string | undefined): number => (row ?? '').search(/[\u2801-\u28ff]/);
    expect(first(rows[0])).toBeGreaterThan(first(rows[1]));
    expect(first(rows[1])).toBeGreaterThan(first(rows[2]));
  });

  it('says so when the books do not balance, and when it was interrupted', () => {
    const broken = { ...report, conserved: false, imbalance: 'one frame lost in nic', interrupted: true };
    const text = renderReport(broken, plain);
    expect(text).toContain('NOT conserved: one frame lost in nic');
    expect(text).toContain('interrupted');
  });

  it('leaves out what there is not', () => {
    const empty = renderReport(
      {
        ...report,
        drops: [],
        latency: {},
        pool: null,
        connections: null,
        rings: [],
        streams: [],
        cores: [],
        slo: [],
        stages: [],
      },
      plain,
    );
    for (const heading of ['Drops', 'Latency', 'Buffers', 'Streams', 'Objectives', 'Stages', 'Cores']) {
      expect(empty).not.toContain(heading);
    }
  });
});
