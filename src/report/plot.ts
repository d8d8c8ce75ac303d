// The latency percentile picture: percentiles in "nines" along, time on a log scale up, as HdrHistogram's
// plots have it, so that the tail gets as much room as the median. Braille dots (2 x 4 a character) where
// the terminal has Unicode, one mark a character elsewhere.
import { type Curve, nines } from './curve.js';
import { time } from './format.js';
import { type Colour, type Look, padStart, paint } from './style.js';

const rows = 8;
const axisColumns = 9;
const marks: { percentile: number; label: string }[] = [
  { percentile: 0, label: '0' },
  { percentile: 50, label: '50' },
  { percentile: 90, label: '90' },
  { percentile: 99, label: '99' },
  { percentile: 99.9, label: '99.9' },
  { percentile: 99.99, label: '99.99' },
  { percentile: 99.999, label: '99.999' },
  { percentile: 99.9999, label: '99.9999 %' },
];
const colours: Colour[] = ['cyan', 'yellow', 'magenta'];
const letters = ['*', 'o', '+'];

// A canvas of dots; a cell remembers which curve drew in it first.
class Canvas {
  private readonly dots: Uint8Array;
  private readonly owner: Int8Array;
  constructor(
    readonly width: number,
    readonly height: number,
    readonly across: number,
    readonly down: number,
  ) {
    this.dots = new Uint8Array(width * height);
    this.owner = new Int8Array(width * height).fill(-1);
  }

  set(x: number, y: number, owner: number): void {
    const cell = Math.floor(y / this.down) * this.width + Math.floor(x / this.across);
    if (cell < 0 || cell >= this.dots.length) return;
    if (this.owner[cell] === -1) this.owner[cell] = owner;
    this.dots[cell] = (this.dots[cell] as number) | (brailleBits[y % this.down]?.[x % this.across] ?? 1);
  }

  line(look: Look, row: number): string {
    let text = '';
    for (let column = 0; column < this.width; column++) {
      const cell = row * this.width + column;
      const owner = this.owner[cell] as number;
      if (owner === -1) text += ' ';
      else {
        const glyph = look.unicode
          ? String.fromCodePoint(0x2800 + (this.dots[cell] as number))
          : (letters[owner] as string);
        text += paint(look, colours[owner] as Colour, glyph);
      }
    }
    return text;
  }
}

// Unicode's numbering of the dots of a braille cell, by row and column.
const brailleBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/**
 * Lines of the picture, indented by two columns; at most three curves. Empty if no curve has samples.
 * The x axis ends at the last percentile that some curve has samples beyond.
 */
export function percentilePlot(look: Look, allCurves: readonly Curve[]): string[] {
  const curves = allCurves.filter((curve) => curve.count > 0).slice(0, colours.length);
  if (curves.length === 0) return [];
  const most = Math.max(...curves.map((curve) => curve.count));
  const shown = marks.filter(
    (mark) => mark.percentile === 0 || 1 / (1 - mark.percentile / 100) <= Math.max(most, 2),
  );
  const xMax = nines((shown.at(-1) as { percentile: number }).percentile);
  const low = Math.max(1, Math.min(...curves.map((curve) => curve.at(0))));
  const high = Math.max(low * 1.05, ...curves.map((curve) => curve.at(100 - 100 / 10 ** xMax)));

  const width = Math.max(20, Math.min(look.width, 120) - 2 - axisColumns - 2 - 5);
  const canvas = look.unicode ? new Canvas(width, rows, 2, 4) : new Canvas(width, rows, 1, 1);
  const dotsWide = width * canvas.across;
  const dotsHigh = rows * canvas.down;
  const yOf = (ns: number): number => {
    const share = Math.log(Math.max(ns, low) / low) / Math.log(high / low);
    return Math.round((1 - Math.min(1, share)) * (dotsHigh - 1));
  };
  curves.forEach((curve, owner) => {
    let before = -1;
    for (let x = 0; x < dotsWide; x++) {
      const y = yOf(curve.at(100 * (1 - 10 ** -((x / (dotsWide - 1)) * xMax))));
      // From the last dot on, so that a jump is a line and not two dots.
      const from = before === -1 ? y : before;
      for (let at = Math.min(from, y); at <= Math.max(from, y); at++) canvas.set(x, at, owner);
      before = y;
    }
  });

  const ticks = yTicks(low, high, yOf, canvas.down);
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const label = padStart(ticks.get(row) ?? '', axisColumns);
    const edge = look.unicode ? (ticks.has(row) ? '┤' : '│') : '|';
    lines.push(`  ${paint(look, 'dim', `${label} ${edge}`)}${canvas.line(look, row)}`.trimEnd());
  }
  lines.push(...xAxis(look, shown, width, xMax));
  if (curves.length > 1) {
    const legend = curves.map((curve, owner) =>
      paint(look, colours[owner] as Colour, `${look.unicode ? '━' : letters[owner]} ${curve.name}`),
    );
    lines.push(`  ${' '.repeat(axisColumns + 2)}${legend.join('   ')}`);
  }
  return lines;
}

// Round values (1, 2, 5 times a power of ten) where there are any, else the ends; one a row at most.
function yTicks(low: number, high: number, yOf: (ns: number) => number, down: number): Map<number, string> {
  const ticks = new Map<number, string>();
  const put = (ns: number): void => {
    const row = Math.floor(yOf(ns) / down);
    if (!ticks.has(row)) ticks.set(row, time(ns));
  };
  put(high);
  put(low);
  for (const factor of [1, 2, 5]) {
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      const ns = power * factor;
      if (ns > low && ns < high) put(ns);
    }
  }
  return ticks;
}

function xAxis(look: Look, shown: typeof marks, width: number, xMax: number): string[] {
  const indent = ' '.repeat(2 + axisColumns + 1);
  const at = (percentile: number): number => Math.round((nines(percentile) / xMax) * (width - 1));
  const rule = [...(look.unicode ? '─' : '-').repeat(width)];
  let labels = '';
  for (const { percentile, label } of shown) {
    rule[at(percentile)] = look.unicode ? '┴' : '+';
    const start = Math.max(0, at(percentile) - Math.floor(label.length / 2) + 1);
    if (start >= labels.length + (labels === '' ? 0 : 1)) labels = labels.padEnd(start) + label;
  }
  return [
    paint(look, 'dim', `${indent}${look.unicode ? '└' : '+'}${rule.join('')}`),
    paint(look, 'dim', `${indent}${labels}${labels.endsWith('%') ? '' : ' %'}`),
  ];
}
