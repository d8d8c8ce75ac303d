import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { buildReport, renderReport, wholeHistograms } from '../../../src/report/index.js';
import { histogramOf, sampleRecord } from './fixture.js';

const { decodeFromCompressedBase64 } = createRequire(import.meta.url)('hdr-histogram-js');

it('gives the whole histograms as HdrHistogram reads them', () => {
  const record = sampleRecord();
  const whole = wholeHistograms(record);
  expect(Object.keys(whole)).toContain('latency.response');
  expect(Object.keys(whole)).not.toContain('latency.poolHold'); // it has no sample
  for (const { name, ns } of record.result.latency) {
    if (ns === null || ns.count === 0n) continue;
    const decoded = decodeFromCompressedBase64(whole[`latency.${name}`], 64);
    expect(BigInt(decoded.totalCount)).toBe(ns.count);
    for (const [percentile, value] of [
      [50, ns.p50],
      [99.9, ns.p999],
    ] as const)
      expect(BigInt(decoded.getValueAtPercentile(percentile))).toBe(value);
  }
});

it('shows the clock and the gaps of a live run, and neither in virtual time', () => {
  const look = { color: false, unicode: true, width: 120 };
  const record = sampleRecord();
  expect(renderReport(buildReport(record), look)).not.toMatch(/^clock|Gaps between frames/m);
  record.result.clock = {
    source: 'CLOCK_MONOTONIC',
    resolutionNs: 1n,
    readNs: 25n,
    biasNs: 310n,
    stamps: 'software',
    whyStamps: '',
  };
  const [stream] = record.result.streams;
  if (stream === undefined) throw new Error('the sample has streams');
  stream.gapIntended = histogramOf([5000, 5000, 5000]);
  stream.gapAchieved = histogramOf([4800, 5000, 5300]);
  const built = buildReport(record);
  expect(built.clock?.biasNs).toBe(310n);
  expect(built.streams[0]?.gapAchieved.count).toBe(3n);
  const text = renderReport(built, look);
  expect(text).toMatch(/clock CLOCK_MONOTONIC: resolution 1 ?ns, read in 25 ?ns, the harness takes 310 ?ns/);
  expect(text).toMatch(/intended +3 .*\n +achieved +3/);
});
