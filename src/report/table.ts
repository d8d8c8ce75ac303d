// An aligned table of text: the first column to the left, the others to the right unless told otherwise,
// a dim heading, no lines. Cells may be coloured already.
import { columns, type Look, padEnd, padStart, paint } from './style.js';

export interface Column {
  title: string;
  /** Default: left for the first column, right for the others. */
  align?: 'left' | 'right';
  /** Left out where the terminal is too narrow, the highest number first. */
  expendable?: number;
}

/** Lines of the table, each indented by two columns. */
export function table(look: Look, heads: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, i) =>
    Math.max(columns(head.title), ...rows.map((row) => columns(row[i] ?? ''))),
  );
  const kept = fitting(look.width, heads, widths);
  const line = (cells: readonly string[]): string =>
    `  ${kept
      .map((i) => {
        const left = (heads[i]?.align ?? (i === 0 ? 'left' : 'right')) === 'left';
        return (left ? padEnd : padStart)(cells[i] ?? '', widths[i] as number);
      })
      .join('  ')}`.trimEnd();
  return [line(heads.map((head) => paint(look, 'dim', head.title))), ...rows.map(line)];
}

// Indices of the columns that stay.
function fitting(width: number, heads: readonly Column[], widths: readonly number[]): number[] {
  const kept = heads.map((_, i) => i);
  const taken = (): number => kept.reduce((sum, i) => sum + 2 + (widths[i] as number), 0);
  while (taken() > width) {
    const ranks = kept.map((i) => heads[i]?.expendable ?? 0);
    const most = Math.max(...ranks);
    if (most === 0) break;
    kept.splice(ranks.indexOf(most), 1);
  }
  return kept;
}
