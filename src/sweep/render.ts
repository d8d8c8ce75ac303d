// A sweep as people read it: a line a cell, and how its p99 stands against the first cell's.
import { count, percent, significant, time } from '../report/format.js';
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

function headsOf(first: Row): Column[] {
  return [
    ...Object.keys(first.values).map((title): Column => ({ title, align: 'right' })),
    { title: 'offered', expendable: 4 },
    { title: 'dropped' },
    { title: '' },
    { title: 'mostly', align: 'left', expendable: 3 },
    { title: 'p50', expendable: 2 },
    { title: 'p99' },
    { title: 'Δ p99' },
    { title: 'p99.9', expendable: 1 },
    { title: 'pool peak', expendable: 5 },
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
    row.pool === null ? '' : count(row.pool.inUsePeak),
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
