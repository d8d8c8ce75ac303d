// Service level objectives: each a metric of the report, a comparison and a limit. A metric without a
// value (a latency of which there is no sample) misses its objective: silence is no success.
import type { Slo } from '../run/result.js';
import { metricOf } from './metric.js';
import type { Report } from './report.js';

export interface SloOutcome {
  /** The metric. */
  name: string;
  /** As the user wrote it. */
  limit: string;
  /** Nanoseconds for times; null: nothing was measured. */
  actual: number | null;
  ok: boolean;
}

const compare: Record<Slo['op'], (actual: number, limit: number) => boolean> = {
  LT: (actual, limit) => actual < limit,
  LE: (actual, limit) => actual <= limit,
  EQ: (actual, limit) => actual === limit,
  GE: (actual, limit) => actual >= limit,
  GT: (actual, limit) => actual > limit,
};

/** Judges every objective, in the scenario's order. */
export function evaluateSlos(slos: readonly Slo[], report: Report): SloOutcome[] {
  return slos.map((slo) => {
    const actual = metricOf(report, slo.metric);
    return {
      name: slo.metric,
      limit: slo.text,
      actual,
      ok: actual !== null && compare[slo.op](actual, slo.limit),
    };
  });
}
