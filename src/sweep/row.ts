// A row of a sweep: the repeats of one cell taken together. Counts add up, peaks are the highest, latency
// histograms are merged bin by bin, so that the percentiles are those of all repeats as one run.
import { buildReport, type Hist, mergeHists, type Report, reportStatus } from '../report/index.js';
import type { RunRecord } from '../run/index.js';
import type { Cell } from './grid.js';

export interface Row {
  index: number;
  /** The value of each axis, by path. */
  values: Record<string, string>;
  seeds: bigint[];
  /** Of each repeat, in the order of the seeds. */
  digests: string[];
  interrupted: boolean;
  conserved: boolean;
  packets: { offered: bigint; delivered: bigint; dropped: bigint; responses: bigint };
  drops: { stage: string; reason: string; count: bigint }[];
  latency: Record<string, Hist>;
  pool: { inUsePeak: number; exhausted: bigint; bytes: bigint } | null;
  connections: TableFigures | null;
  rings: { name: string; size: number; peak: number; full: bigint }[];
  /** Objectives by how many repeats missed them. */
  slo: { name: string; limit: string; missed: number }[];
  /** The worst exit status among the repeats. */
  status: number;
}

/** The connection table: counts added up, the highest of peaks, the longest chain, probes per lookup of all repeats. */
export interface TableFigures {
  peak: number;
  inserted: bigint;
  expired: bigint;
  rejected: bigint;
  evicted: bigint;
  maxChain: number;
  /** 0 where nothing was looked up. */
  meanProbes: number;
  bytes: bigint;
}

/** The row of a cell from the records of its repeats, in the order of their seeds. */
export function rowOf(cell: Cell, paths: readonly string[], records: readonly RunRecord[]): Row {
  const reports = records.map(buildReport);
  const sum = (of: (report: Report) => bigint): bigint =>
    reports.reduce((total, report) => total + of(report), 0n);
  const drops = mergedDrops(reports);
  const first = reports[0] as Report;
  return {
    index: cell.index,
    values: Object.fromEntries(paths.map((path, i) => [path, cell.values[i] as string])),
    seeds: reports.map((report) => report.seed),
    digests: reports.map((report) => report.digest),
    interrupted: reports.some((report) => report.interrupted),
    conserved: reports.every((report) => report.conserved),
    packets: {
      offered: sum((report) => report.packets.offered),
      delivered: sum((report) => report.packets.delivered),
      dropped: drops.reduce((total, drop) => total + drop.count, 0n),
      responses: sum((report) => report.packets.responses),
    },
    drops,
    latency: mergedLatency(records),
    pool: first.pool && {
      inUsePeak: Math.max(...reports.map((report) => report.pool?.inUsePeak ?? 0)),
      exhausted: sum((report) => report.pool?.exhausted ?? 0n),
      bytes: first.pool.bytes,
    },
    connections: mergedTables(reports.flatMap((report) => report.connections ?? [])),
    rings: first.rings.map((ring, i) => ({
      name: ring.name,
      size: ring.size,
      peak: Math.max(...reports.map((report) => report.rings[i]?.peak ?? 0)),
      full: sum((report) => report.rings[i]?.full ?? 0n),
    })),
    slo: first.slo.map(({ name, limit }, i) => ({
      name,
      limit,
      missed: reports.filter((report) => report.slo[i]?.ok === false).length,
    })),
    status: worst(reports.map(reportStatus)),
  };
}

/** Of several exit statuses the one to end with: a fault before an interruption before a missed objective. */
export function worst(statuses: readonly number[]): number {
  return [1, 130, 3].find((status) => statuses.includes(status)) ?? 0;
}

function mergedDrops(reports: readonly Report[]): Row['drops'] {
  const merged: Row['drops'] = [];
  for (const drop of reports.flatMap((report) => report.drops)) {
    const same = merged.find((other) => other.stage === drop.stage && other.reason === drop.reason);
    if (same === undefined) merged.push({ ...drop });
    else same.count += drop.count;
  }
  return merged;
}

function mergedTables(tables: readonly NonNullable<Report['connections']>[]): TableFigures | null {
  const first = tables[0];
  if (first === undefined) return null;
  const sum = (key: 'inserted' | 'expired' | 'rejected' | 'evicted' | 'lookups'): bigint =>
    tables.reduce((total, table) => total + table[key], 0n);
  const lookups = Number(sum('lookups'));
  const probes = tables.reduce((total, table) => total + table.meanProbes * Number(table.lookups), 0);
  return {
    peak: Math.max(...tables.map((table) => table.peak)),
    inserted: sum('inserted'),
    expired: sum('expired'),
    rejected: sum('rejected'),
    evicted: sum('evicted'),
    maxChain: Math.max(...tables.map((table) => table.maxChain)),
    meanProbes: lookups === 0 ? 0 : probes / lookups,
    bytes: first.bytes,
  };
}

function mergedLatency(records: readonly RunRecord[]): Record<string, Hist> {
  const all = records.flatMap((record) => record.result.latency);
  const names = [...new Set(all.map((latency) => latency.name))];
  return Object.fromEntries(
    names.map((name) => [
      name,
      mergeHists(all.filter((latency) => latency.name === name).map(({ ns }) => ns)),
    ]),
  );
}
