// The JSON contract: names, shapes and what becomes of large numbers.
import { describe, expect, it } from 'vitest';
import { buildReport, metricOf, reportStatus, stringify } from '../../../src/report/index.js';
import { evaluateSlos } from '../../../src/report/slo.js';
import { sampleRecord } from './fixture.js';

describe('notes', () => {
  it('say where the device listens when every frame passed it by', () => {
    const record = sampleRecord();
    const target = { ip: Uint8Array.of(10, 0, 0, 3), port: 8080 };
    record.plan.device = { enabled: true, protocol: 17, target };
    expect(buildReport(record).notes).toEqual([]);
    record.result.packets = { ...record.result.packets, processed: 0n };
    expect(buildReport(record).notes).toEqual([
      'no frame was for the device; it answers to 10.0.0.3:8080 (udp)',
    ]);
    target.ip = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    expect(buildReport(record).notes[0]).toContain('[fd00::1]:8080 (udp)');
  });
});

const histKeys = ['count', 'min', 'mean', 'p50', 'p90', 'p99', 'p999', 'p9999', 'max'];

describe('report JSON', () => {
  const json = JSON.parse(stringify(buildReport(sampleRecord())));

  it('has the names of the contract', () => {
    expect(json.schema).toBe('ringbed.report/1');
    expect(json).toMatchObject({
      scenario: { name: 'nanonet-multicast', digest: 'a'.repeat(64) },
      seed: 42,
      world: { kind: 'sim' },
      interrupted: false,
      conserved: true,
      digest: 'c0ffee00c0ffee00',
    });
    expect(json.packets).toMatchObject({
      offered: 200_000,
      received: 199_112,
      processed: 150_000,
      bypassed: 48_812,
      responded: 100_020,
      delivered: 198_812,
    });
    expect(json.drops[0]).toEqual({ stage: 'rx_ring', reason: 'rx_ring_full', count: 900 });
    for (const key of ['name', 'in', 'out', 'ns']) expect(json.stages[0]).toHaveProperty(key);
    for (const key of histKeys) expect(json.latency.response).toHaveProperty(key);
    for (const key of ['kind', 'size', 'inUsePeak', 'exhausted', 'bytes'])
      expect(json.pool).toHaveProperty(key);
    for (const key of [
      'kind',
      'buckets',
      'active',
      'peak',
      'inserted',
      'expired',
      'rejected',
      'maxChain',
      'meanProbes',
      'bytes',
    ]) {
      expect(json.connections).toHaveProperty(key);
    }
    for (const key of ['name', 'size', 'peak', 'full']) expect(json.rings[0]).toHaveProperty(key);
    expect(json.slo).toEqual([
      { name: 'drops', limit: '0', actual: 1200, ok: false },
      { name: 'latency.p99', limit: '< 20us', actual: json.latency.response.p99, ok: true },
      { name: 'latency.poolHold.p99', limit: '< 20us', actual: null, ok: false },
    ]);
  });

  it('balances: offered + duplicated = delivered + drops', () => {
    const dropped = json.drops.reduce((sum: number, drop: { count: number }) => sum + drop.count, 0);
    expect(json.packets.offered + json.packets.duplicated).toBe(json.packets.delivered + dropped);
  });

  it('writes a count above 2^53 as a string and none below', () => {
    const record = sampleRecord();
    record.plan.seed = 18446744073709551615n;
    record.result.packets.offeredBytes = 9007199254740991n;
    const large = JSON.parse(stringify(buildReport(record)));
    expect(large.seed).toBe('18446744073709551615');
    expect(large.packets.offeredBytes).toBe(9007199254740991);
  });

  it('does not carry the encoded histograms', () => {
    expect(stringify(buildReport(sampleRecord()))).not.toContain('hdr');
  });
});

describe('metrics', () => {
  const report = buildReport(sampleRecord());

  it.each([
    ['drops', 1200],
    ['drops.rx_ring_full', 900],
    ['drops.rx_ring.rx_ring_full', 900],
    ['drops.link_loss', 0],
    ['packets.bypassed', 48_812],
    ['pool.inUsePeak', 256],
    ['rings.rx0.peak', 1024],
    ['rings.1.peak', 37],
    ['streams.background.reordered', 2],
    ['connections.meanProbes', 1.26],
    ['conserved', 1],
    ['latency.poolHold.count', 0],
    ['latency.poolHold.p99', null],
    ['rings.rx7.peak', null],
    ['nothing.at.all', null],
    ['constructor', null],
  ])('%s is %s', (path, expected) => expect(metricOf(report, path)).toBe(expected));

  it('latency.p99 is that of responses', () => {
    expect(metricOf(report, 'latency.p99')).toBe(Number(report.latency.response?.p99));
  });

  it.each([
    ['LT', 1200, false],
    ['LE', 1200, true],
    ['EQ', 1200, true],
    ['EQ', 0, false],
    ['GE', 1201, false],
    ['GT', 1199, true],
  ] as const)('drops %s %s: %s', (op, limit, ok) => {
    expect(evaluateSlos([{ metric: 'drops', op, limit, text: '' }], report)[0]?.ok).toBe(ok);
  });
});

describe('exit status of a report', () => {
  const sound = buildReport(sampleRecord());
  const met = { ...sound, slo: [] };
  it('0, 3, 130 and 1, the gravest first', () => {
    expect(reportStatus(met)).toBe(0);
    expect(reportStatus(sound)).toBe(3);
    expect(reportStatus({ ...sound, interrupted: true })).toBe(130);
    expect(reportStatus({ ...met, interrupted: true, conserved: false })).toBe(1);
  });
});
