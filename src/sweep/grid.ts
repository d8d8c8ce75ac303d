// The grid of a sweep: every combination of the axes' values, the last axis fastest, like nested loops.
import { RingbedError } from '../errors/index.js';

export interface Axis {
  /** Dotted path in the scenario. */
  path: string;
  values: string[];
}

/** One combination; values in the order of the axes. */
export interface Cell {
  index: number;
  values: string[];
  /** `PATH=VALUE` for each axis. */
  sets: string[];
}

/** More cells than this are a slip of the keyboard. */
export const mostCells = 100_000;

/** Parses `PATH=V1,V2,…`; commas inside brackets or quotes belong to a value. @throws RingbedError `usage` */
export function parseAxis(text: string): Axis {
  const at = text.indexOf('=');
  const path = text.slice(0, at);
  const values = splitValues(text.slice(at + 1));
  if (at < 1 || values.some((value) => value === '')) {
    throw new RingbedError(
      'usage',
      `--vary ${text}: expected PATH=V1,V2,… without empty values`,
      'for instance --vary device.pool.size=256,512,1024',
    );
  }
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw new RingbedError('usage', `--vary ${text}: ${twice} stands there twice`);
  return { path, values };
}

function splitValues(text: string): string[] {
  const values: string[] = [''];
  let depth = 0;
  let quote = '';
  for (const char of text) {
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if ('[{('.includes(char)) depth++;
    else if (']})'.includes(char)) depth--;
    if (char === ',' && depth <= 0 && quote === '') values.push('');
    else values[values.length - 1] += char;
  }
  return values.map((value) => value.trim());
}

/** Every cell, in grid order. @throws RingbedError `usage` for an axis named twice or too many cells */
export function gridOf(axes: readonly Axis[]): Cell[] {
  const paths = axes.map((axis) => axis.path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) {
    throw new RingbedError(
      'usage',
      `--vary ${twice} is given twice`,
      'give all its values in one: --vary PATH=V1,V2,…',
    );
  }
  const size = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (size > mostCells) {
    throw new RingbedError(
      'usage',
      `the grid has ${size} cells; at most ${mostCells} are run`,
      'vary fewer values',
    );
  }
  const combinations = axes.reduce<string[][]>(
    (before, axis) => before.flatMap((values) => axis.values.map((value) => [...values, value])),
    [[]],
  );
  return combinations.map((values, index) => ({
    index,
    values,
    sets: values.map((value, i) => `${paths[i]}=${value}`),
  }));
}
