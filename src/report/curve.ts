// A latency distribution as a function of the percentile, for the picture. Exact where the record holds
// the whole histogram; between the summary's percentiles, interpolated, where only a summary is left.
import type { Histogram } from '../run/result.js';
import { decodeHdr, type Hist } from './hist.js';

export interface Curve {
  name: string;
  /** How many samples: says which percentiles mean anything. */
  count: number;
  /** Nanoseconds at a percentile, 0..100. */
  at(percentile: number): number;
}

/** The curve of a recorded histogram. */
export function recordedCurve(name: string, histogram: Histogram): Curve {
  if (histogram.hdr.length === 0) return summaryCurve(name, histogram);
  const decoded = decodeHdr(histogram.hdr);
  const max = Number(histogram.max);
  return {
    name,
    count: Number(histogram.count),
    at: (percentile) =>
      percentile <= 0 ? Number(histogram.min) : Math.min(decoded.getValueAtPercentile(percentile), max),
  };
}

/** How many nines: 0 → 0, 90 → 1, 99 → 2, 99.9 → 3. The picture's x axis. */
export function nines(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}

/** A curve through the percentiles of a summary, straight on the picture's axes (nines, log time). */
export function summaryCurve(name: string, hist: Omit<Hist, 'stddev'>): Curve {
  const knots: [number, number][] = [
    [0, Number(hist.min)],
    [nines(50), Number(hist.p50)],
    [1, Number(hist.p90)],
    [2, Number(hist.p99)],
    [3, Number(hist.p999)],
    [4, Number(hist.p9999)],
    [Math.max(4.5, Math.log10(Number(hist.count) || 1)), Number(hist.max)],
  ];
  return {
    name,
    count: Number(hist.count),
    at(percentile) {
      const x = nines(percentile);
      const above = knots.findIndex(([at]) => at >= x);
      if (above <= 0) return (above === 0 ? knots[0] : (knots.at(-1) as [number, number]))?.[1] as number;
      const [x0, y0] = knots[above - 1] as [number, number];
      const [x1, y1] = knots[above] as [number, number];
      if (y0 <= 0) return y1;
      return y0 * (y1 / y0) ** ((x - x0) / (x1 - x0));
    },
  };
}
