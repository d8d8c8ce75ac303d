// A sweep as CSV (RFC 4180): a line a cell, one column an axis, then the figures; a column for each drop
// reason that occurs anywhere.
import type { Row } from './row.js';

const summary = ['count', 'min', 'mean', 'p50', 'p90', 'p99', 'p999', 'p9999', 'max'] as const;

const poolFigures = ['inUsePeak', 'exhausted', 'bytes'] as const;
const tableFigures = [
  'peak',
  'inserted',
  'expired',
  'rejected',
  'evicted',
  'maxChain',
  'meanProbes',
  'bytes',
] as const;

export function toCsv(rows: readonly Row[]): string {
  const first = rows[0];
  if (first === undefined) return '';
  const reasons = [...new Set(rows.flatMap((row) => row.drops.map((drop) => drop.reason)))];
  const latencies = Object.keys(first.latency);
  const head = [
    ...Object.keys(first.values),
    'repeats',
    'offered',
    'delivered',
    'dropped',
    ...reasons.map((reason) => `drops.${reason}`),
    'responses',
    ...latencies.flatMap((name) => summary.map((key) => `latency.${name}.${key}`)),
    ...poolFigures.map((key) => `pool.${key}`),
    ...tableFigures.map((key) => `connections.${key}`),
    ...first.rings.map((ring) => `rings.${ring.name}.peak`),
    'sloMissed',
    'interrupted',
    'digests',
  ];
  const line = (row: Row): unknown[] => [
    ...Object.values(row.values),
    row.digests.length,
    row.packets.offered,
    row.packets.delivered,
    row.packets.dropped,
    ...reasons.map((reason) =>
      row.drops.reduce((sum, drop) => sum + (drop.reason === reason ? drop.count : 0n), 0n),
    ),
    row.packets.responses,
    ...latencies.flatMap((name) => summary.map((key) => row.latency[name]?.[key] ?? '')),
    ...poolFigures.map((key) => row.pool?.[key] ?? ''),
    ...tableFigures.map((key) => row.connections?.[key] ?? ''),
    ...first.rings.map((_, i) => row.rings[i]?.peak ?? ''),
    row.slo.reduce((sum, slo) => sum + slo.missed, 0),
    row.interrupted,
    row.digests.join(' '),
  ];
  return [head, ...rows.map(line)].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: unknown): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
