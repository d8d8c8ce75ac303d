// A metric is a dotted path into the report: `latency.response.p99`, `drops.rx_ring_full`,
// `pool.inUsePeak`, `rings.rx0.peak`, `streams.feed.lost`. List items are found by name or index. Two
// short forms: `drops` is the sum of all drops, `latency.p99` is `latency.response.p99`.
import type { Hist } from './hist.js';
import type { Report } from './report.js';

/** The metric's number, or null if there is nothing to measure (no samples, no pool, no such item). */
export function metricOf(report: Report, path: string): number | null {
  const parts = path.split('.');
  if (parts[0] === 'drops') return dropCount(report, parts.slice(1));
  if (parts[0] === 'latency' && parts.length === 2) parts.splice(1, 0, 'response');
  const key = parts.pop() as string;
  const owner = parts.reduce<unknown>(step, report);
  if (isHist(owner) && owner.count === 0n && key !== 'count') return null;
  if (path === 'connections.meanProbes' && report.connections?.lookups === 0n) return null;
  const value = step(owner, key);
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : null;
}

function step(owner: unknown, key: string): unknown {
  if (Array.isArray(owner)) {
    const named = owner.find((item: { name?: string }) => item.name === key);
    return named ?? (/^\d+$/.test(key) ? owner[Number(key)] : undefined);
  }
  return typeof owner === 'object' && owner !== null && Object.hasOwn(owner, key)
    ? (owner as Record<string, unknown>)[key]
    : undefined;
}

// `drops`, `drops.REASON`, `drops.STAGE`, `drops.STAGE.REASON`: a reason that did not occur counts 0.
function dropCount(report: Report, names: string[]): number {
  return report.drops
    .filter((drop) => names.every((name) => drop.reason === name || drop.stage === name))
    .reduce((sum, drop) => sum + Number(drop.count), 0);
}

function isHist(value: unknown): value is Hist {
  return typeof value === 'object' && value !== null && 'p9999' in value;
}
