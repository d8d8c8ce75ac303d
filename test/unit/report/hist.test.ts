// Merging histograms: the same as recording everything into one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordedCurve, summaryCurve } from '../../../src/report/curve.js';
import { mergeHists, summaryOf } from '../../../src/report/hist.js';
import { histogramOf } from './fixture.js';

const samples = fc.array(fc.integer({ min: 1, max: 50_000_000 }), { minLength: 1, maxLength: 200 });

describe('merged histograms', () => {
  it('equal one histogram of all samples', () => {
    fc.assert(
      fc.property(fc.array(samples, { minLength: 1, maxLength: 5 }), (parts) => {
        const merged = mergeHists(parts.map(histogramOf));
        const whole = summaryOf(histogramOf(parts.flat()));
        const exact = parts.flat();
        expect({ ...merged, mean: 0, stddev: 0, min: 0n, max: 0n }).toEqual({
          ...whole,
          mean: 0,
          stddev: 0,
          min: 0n,
          max: 0n,
        });
        const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
        expect(Math.abs(merged.mean - mean) / mean).toBeLessThan(0.001);
      }),
      { numRuns: 12 },
    );
  });

  it('ignore parts without samples', () => {
    const one = histogramOf([5, 6, 7]);
    expect(mergeHists([null, histogramOf([]), one])).toEqual(summaryOf(one));
    expect(mergeHists([]).count).toBe(0n);
  });
});

describe('curves', () => {
  const recorded = histogramOf(Array.from({ length: 10_000 }, (_, i) => 100 + i * 3));
  it('from the whole histogram and from the summary agree at the summary percentiles', () => {
    const exact = recordedCurve('x', recorded);
    const rough = summaryCurve('x', summaryOf(recorded));
    for (const percentile of [50, 90, 99, 99.9]) {
      expect(rough.at(percentile)).toBeCloseTo(exact.at(percentile), 3);
    }
    expect(exact.at(0)).toBe(Number(recorded.min));
    expect(exact.at(100)).toBe(Number(recorded.max));
  });

  it('from the summary never fall', () => {
    const rough = summaryCurve('x', summaryOf(recorded));
    let before = 0;
    for (let percentile = 0; percentile < 99.999; percentile += 0.37) {
      expect(rough.at(percentile)).toBeGreaterThanOrEqual(before);
      before = rough.at(percentile);
    }
  });
});
