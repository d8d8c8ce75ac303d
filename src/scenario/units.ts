// Quantities with units, exactly: a decimal is a whole number times a power of ten, so that 0.05ns is 50
// femtoseconds and never 49.99. One table per dimension drives reading, printing and error texts.
// Case matters (m is milli or minute-like, M is mega; b is bit, B is byte), except that k may be K.
import { nearest } from '../errors/index.js';

/** digits × 10^exponent */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

export interface Unit {
  readonly name: string;
  /** In the dimension's base unit. */
  readonly scale: bigint;
}

export interface Dimension {
  readonly name: string;
  /** With its article, for error texts: "a time". */
  readonly text: string;
  readonly units: readonly Unit[];
  readonly example: string;
  /** Power of ten of the base unit: a percent is a share × 10^-2. */
  readonly exponent: number;
}

function dimension(
  name: string,
  text: string,
  example: string,
  units: Record<string, bigint>,
  exponent = 0,
): Dimension {
  const rows = Object.entries(units).map(([unit, scale]) => ({ name: unit, scale }));
  return { name, text, units: rows, example, exponent };
}

/** Base unit: femtosecond. */
export const time = dimension('time', 'a time', '500ns, 1.5ms, 60s', {
  fs: 1n,
  ps: 1_000n,
  ns: 1_000_000n,
  us: 1_000_000_000n,
  ms: 1_000_000_000_000n,
  s: 1_000_000_000_000_000n,
  min: 60_000_000_000_000_000n,
  h: 3_600_000_000_000_000_000n,
});

/** Base unit: bit a second. */
export const bitRate = dimension('bitRate', 'a bit rate', '10Gbps, 250Mbps', {
  bps: 1n,
  kbps: 1_000n,
  Mbps: 1_000_000n,
  Gbps: 1_000_000_000n,
  Tbps: 1_000_000_000_000n,
});

/** Base unit: packet a second. */
export const packetRate = dimension('packetRate', 'a packet rate', '100kpps, 1.5Mpps', {
  pps: 1n,
  kpps: 1_000n,
  Mpps: 1_000_000n,
  Gpps: 1_000_000_000n,
});

/** Base unit: byte. */
export const size = dimension('size', 'a size', '1500, 64KiB, 2MB', {
  B: 1n,
  kB: 1_000n,
  KiB: 1_024n,
  MB: 1_000_000n,
  MiB: 1_048_576n,
  GB: 1_000_000_000n,
  GiB: 1_073_741_824n,
  TB: 1_000_000_000_000n,
  TiB: 1_099_511_627_776n,
});

/** Base unit: hertz. */
export const frequency = dimension('frequency', 'a frequency', '100 (a second), 1kHz', {
  Hz: 1n,
  kHz: 1_000n,
  MHz: 1_000_000n,
});

/** Base unit: one hundredth. */
export const share = dimension('share', 'a share', '50%, 0.1%', { '%': 1n }, -2);

export const dimensions: readonly Dimension[] = [time, bitRate, packetRate, size, frequency, share];

// Written otherwise, meant the same.
const aliases = new Map([
  ['µs', 'us'],
  ['μs', 'us'],
  ['KB', 'kB'],
  ['kiB', 'KiB'],
  ['Kbps', 'kbps'],
  ['Kpps', 'kpps'],
  ['KHz', 'kHz'],
]);

/** Every way to write a unit of the dimension. */
export function spellings({ units }: Dimension): string[] {
  const names = units.map(({ name }) => name);
  return [...names, ...[...aliases].filter(([, name]) => names.includes(name)).map(([written]) => written)];
}

const decimalPattern = /^([+-]?)(\d+(?:_\d+)*)?(?:\.(\d+(?:_\d+)*))?(?:[eE]([+-]?\d{1,3}))?$/;
const quantityPattern = /^([+-]?[\d._]+(?:[eE][+-]?\d+)?)\s*([^\d\s._+-][^\d\s]*)?$/;

// More than any quantity here needs; bounds the arithmetic on hostile input.
const longestNumber = 64;
const largestExponent = 60;

/** A decimal number (`1_000.5`, `2e6`), or undefined. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = text.length <= longestNumber ? decimalPattern.exec(text) : null;
  if (match === null || (match[2] === undefined && match[3] === undefined)) return undefined;
  const whole = (match[2] ?? '').replaceAll('_', '');
  const fraction = (match[3] ?? '').replaceAll('_', '');
  const exponent = Number(match[4] ?? '0') - fraction.length;
  if (Math.abs(exponent) > largestExponent + longestNumber) return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  return { digits: match[1] === '-' ? -digits : digits, exponent };
}

/** The whole number that `value` is in units of `scale` base units; undefined if it is not whole. */
export function toInteger(value: Decimal, scale = 1n): bigint | undefined {
  let { digits } = value;
  let divisor = scale;
  if (value.exponent >= 0) digits *= 10n ** BigInt(value.exponent);
  else divisor *= 10n ** BigInt(-value.exponent);
  return digits % divisor === 0n ? digits / divisor : undefined;
}

/** The nearest double. */
export function toNumber(value: Decimal): number {
  return Number(`${value.digits}e${value.exponent}`);
}

export type Quantity =
  | { readonly kind: 'quantity'; readonly dimension: Dimension; readonly value: Decimal }
  | { readonly kind: 'bare'; readonly value: Decimal }
  | { readonly kind: 'unknownUnit'; readonly unit: string; readonly nearest: string | undefined }
  | { readonly kind: 'notANumber' };

/** Reads `10Gbps`, `1.5 ms`, `50%` or a bare number; `wanted` are the dimensions to suggest units from. */
export function parseQuantity(text: string, wanted: readonly Dimension[]): Quantity {
  const match = quantityPattern.exec(text.trim());
  const number = match?.[1] === undefined ? undefined : parseDecimal(match[1]);
  if (match === null || number === undefined) return { kind: 'notANumber' };
  const written = match[2];
  if (written === undefined) return { kind: 'bare', value: number };
  const name = aliases.get(written) ?? written;
  for (const dimension of dimensions) {
    const unit = dimension.units.find((candidate) => candidate.name === name);
    if (unit === undefined) continue;
    const value = { digits: number.digits * unit.scale, exponent: number.exponent + dimension.exponent };
    return { kind: 'quantity', dimension, value };
  }
  return { kind: 'unknownUnit', unit: written, nearest: nearestUnit(written, wanted) };
}

function nearestUnit(written: string, wanted: readonly Dimension[]): string | undefined {
  const candidates = wanted.flatMap((dimension) => dimension.units.map((unit) => unit.name));
  const lower = written.toLowerCase();
  return candidates.find((name) => name.toLowerCase() === lower) ?? nearest(written, candidates);
}

/** `units of time (fs, ps, ns, …)`: what an error says about the units that fit. */
export function unitNames(dimension: Dimension): string {
  return dimension.units.map((unit) => unit.name).join(', ');
}

/**
 * Prints a whole number of base units in the largest unit that leaves at least 1, exactly: what it prints,
 * parseQuantity reads back as the same value. Minutes, hours and binary sizes are used only where whole.
 */
export function formatQuantity(base: bigint, dimension: Dimension): string {
  const magnitude = base < 0n ? -base : base;
  const fits = (unit: Unit) =>
    magnitude >= unit.scale && (isPowerOfTen(unit.scale) || magnitude % unit.scale === 0n);
  const unit = dimension.units.findLast(fits) ?? dimension.units[0];
  if (unit === undefined) return String(base);
  const fraction = decimals(magnitude % unit.scale, unit.scale);
  return `${base < 0n ? '-' : ''}${magnitude / unit.scale}${fraction}${unit.name}`;
}

function isPowerOfTen(scale: bigint): boolean {
  return /^10*$/.test(String(scale));
}

function decimals(rest: bigint, scale: bigint): string {
  if (rest === 0n) return '';
  const width = String(scale).length - 1;
  return `.${String(rest).padStart(width, '0').replace(/0+$/, '')}`;
}
