// A sweep as people read it: a line a cell, how its p99 stands against the first cell's, and the figures of
// what is varied: a table's probes and memory where tables are, a pool's where pools are.
import { bytes, count, percent, significant, time } from '../report/format.js';
import { type Look, paint, toAscii } from '../report/style.js';
import { type Column, table } from '../report/table.js';
import type { Row } from './row.js';

export interface SweepHeading {
  name: string;
  interrupted: boolean;
  repeat: number;
  command: string;
}

/** The whole text, ending in a newline. */
export function renderSweep(rows: readonly Row[], heading: SweepHeading, look: Look): string {
  const first = rows[0];
  const cells = `${rows.length} cell${rows.length === 1 ? '' : 's'}`;
  const repeats = heading.repeat > 1 ? ` · ${heading.repeat} repeats each` : '';
  const lines = [`${paint(look, 'bold', heading.name)}  ${cells}${repeats}`];
  if (heading.interrupted) lines.push(paint(look, 'yellow', 'interrupted: cells are missing, or cut short'));
  if (first !== undefined) {
    lines.push(
      '',
      ...table(
        look,
        headsOf(first),
        rows.map((row) => cellsOf(look, row, first)),
      ),
    );
  }
  lines.push('', `${paint(look, 'dim', 'Repeat:')} ${heading.command}`);
  const text = `${lines.join('\n')}\n`;
  return look.unicode ? text : toAscii(text);
}

interface Figure extends Column {
  of(row: Row): string;
}

/** What there is to know of a part besides drops and latency, by the beginning of the paths that vary it. */
const figures: Readonly<Record<string, readonly Figure[]>> = {
  'device.connections': [
    { title: 'probes', of: ({ connections }) => significant(connections?.meanProbes ?? 0) },
    { title: 'chain', expendable: 6, of: ({ connections }) => count(connections?.maxChain ?? 0) },
    { title: 'rejected', expendable: 7, of: ({ connections }) => count(connections?.rejected ?? 0n) },
    { title: 'evicted', expendable: 8, of: ({ connections }) => count(connections?.evicted ?? 0n) },
    { title: 'table', expendable: 0.5, of: ({ connections }) => bytes(connections?.bytes ?? 0n) },
  ],
  'device.pool': [
    { title: 'in use', expendable: 0.3, of: ({ pool }) => count(pool?.inUsePeak ?? 0) },
    { title: 'pool', expendable: 0.5, of: ({ pool }) => bytes(pool?.bytes ?? 0n) },
  ],
  nic: [
    {
      title: 'rx peak',
      expendable: 0.2,
      of: ({ rings }) => count(Math.max(...rings.map((ring) => ring.peak), 0)),
    },
  ],
};

function figuresOf(first: Row): Figure[] {
  const varied = Object.keys(first.values);
  return Object.entries(figures)
    .filter(([part]) => varied.some((path) => path === part || path.startsWith(`${part}.`)))
    .flatMap(([, list]) => list);
}

/** The end of a path that still tells it from the others. */
function shortNames(paths: readonly string[]): string[] {
  const end = (path: string): string => path.split('.').slice(-2).join('.');
  const ends = paths.map(end);
  return paths.map((path, i) => (ends.filter((other) => other === ends[i]).length > 1 ? path : end(path)));
}

function headsOf(first: Row): Column[] {
  return [
    ...shortNames(Object.keys(first.values)).map((title): Column => ({ title, align: 'right' })),
    { title: 'offered', expendable: 4 },
    { title: 'dropped' },
    { title: '' },
    { title: 'mostly', align: 'left', expendable: 3 },
    { title: 'p50', expendable: 2 },
    { title: 'p99' },
    { title: 'Δ p99' },
    { title: 'p99.9', expendable: 1 },
    ...figuresOf(first),
    ...(first.slo.length > 0 ? [{ title: 'slo' }] : []),
  ];
}

function cellsOf(look: Look, row: Row, first: Row): string[] {
  const { packets } = row;
  const response = row.latency.response;
  const measured = response !== undefined && response.count > 0n;
  const missed = row.slo.some((slo) => slo.missed > 0);
  const main = row.drops.reduce<Row['drops'][number] | undefined>(
    (most, drop) => (most === undefined || drop.count > most.count ? drop : most),
    undefined,
  );
  return [
    ...Object.values(row.values),
    count(packets.offered),
    packets.dropped > 0n ? paint(look, 'red', count(packets.dropped)) : '0',
    percent(packets.dropped, packets.offered),
    main?.reason ?? '',
    measured ? time(response.p50) : '-',
    measured ? time(response.p99) : '-',
    measured && row !== first ? change(look, response.p99, first.latency.response?.p99 ?? 0n) : '',
    measured ? time(response.p999) : '-',
    ...figuresOf(first).map((figure) => figure.of(row)),
    ...(row.slo.length > 0 ? [missed ? paint(look, 'red', '✗') : paint(look, 'green', '✓')] : []),
  ];
}

/** "+12.5 %", "×3.2" where a percentage says nothing any more, "=" where nothing changed. */
function change(look: Look, now: bigint, before: bigint): string {
  if (now === before) return '=';
  if (before === 0n) return '';
  const factor = Number(now) / Number(before);
  const difference = `${factor > 1 ? '+' : '-'}${(Math.abs(factor - 1) * 100).toFixed(1)} %`;
  return paint(look, factor > 1 ? 'red' : 'green', factor >= 3 ? `×${significant(factor)}` : difference);
}
