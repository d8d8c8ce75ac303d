// The scalars of the scenario language: quantities in base units, counts, probabilities, words.
import { isPrintable, nearest } from '../../errors/index.js';
import {
  bitRate,
  type Decimal,
  type Dimension,
  formatQuantity,
  frequency,
  packetRate,
  parseDecimal,
  parseQuantity,
  share,
  size,
  spellings,
  time,
  toInteger,
  toNumber,
  unitNames,
} from '../units.js';
import { describe, type JsonSchema, type Outcome, type Problem, scalar, type Type, wrong } from './kit.js';

/** Largest number that travels: 64-bit fields are read as JavaScript numbers. */
export const largest = Number.MAX_SAFE_INTEGER;

/** Text of a scalar that may be a number or quantity. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

function pattern(wanted: readonly Dimension[]): string {
  const units = wanted.flatMap(spellings).join('|');
  return `^[0-9][0-9_]*(\\.[0-9_]+)?([eE][+-]?[0-9]+)?\\s*(${units})$`;
}

function expectedQuantity(wanted: readonly Dimension[]): string {
  return wanted
    .map((dimension) => `${dimension.text} (${dimension.example}; units ${unitNames(dimension)})`)
    .join(' or ');
}

/** Reads a quantity of one of the dimensions; 0 needs no unit, and neither does anything where `bare`. */
function readQuantity(
  value: unknown,
  wanted: readonly Dimension[],
  bare?: Dimension,
): Outcome<{ value: Decimal; dimension: Dimension }> {
  const expected = expectedQuantity(wanted);
  const text = textOf(value);
  const what = wanted.map((dimension) => dimension.text).join(' or ');
  if (text === undefined) {
    const problem = wrong(value, what);
    return { ...problem, expected };
  }
  const quantity = parseQuantity(text, wanted);
  if (quantity.kind === 'notANumber') return { problem: `${describe(value)} is not ${what}`, expected };
  if (quantity.kind === 'unknownUnit') {
    return { problem: `${describe(value)} has an unknown unit`, expected, nearest: quantity.nearest };
  }
  if (quantity.kind === 'bare') {
    if (bare !== undefined) return { value: { value: quantity.value, dimension: bare } };
    if (quantity.value.digits === 0n && wanted[0] !== undefined) {
      return { value: { value: quantity.value, dimension: wanted[0] } };
    }
    return { problem: `${describe(value)} has no unit`, expected };
  }
  if (!wanted.includes(quantity.dimension)) {
    return { problem: `${describe(value)} is ${quantity.dimension.text}, not ${what}`, expected };
  }
  return { value: { value: quantity.value, dimension: quantity.dimension } };
}

/** The native core counts picoseconds in 64 bits: moments on its timeline lie within 46 days. */
export const longestNs = 4_000_000_000_000_000;

export interface Bounds {
  /** In the output's unit. */
  readonly min?: number;
  readonly max?: number;
}

/** A whole number of `scale` base units within bounds. */
function whole(
  value: unknown,
  quantity: { value: Decimal; dimension: Dimension },
  scale: bigint,
  bounds: Bounds,
): Outcome<number> {
  const { min = 0, max = largest } = bounds;
  const shown = (count: number) => formatQuantity(BigInt(count) * scale, quantity.dimension);
  if (quantity.value.digits < 0n) return { problem: `${describe(value)} is negative` };
  const count = toInteger(quantity.value, scale);
  if (count === undefined)
    return { problem: `${describe(value)} is finer than ${shown(1)}`, expected: `a multiple of ${shown(1)}` };
  if (count > BigInt(max))
    return { problem: `${describe(value)} is too much`, expected: `at most ${shown(max)}` };
  if (count < BigInt(min))
    return { problem: `${describe(value)} is too little`, expected: `at least ${shown(min)}` };
  return { value: Number(count) };
}

const zeroOr = (wanted: readonly Dimension[], examples: string[]): JsonSchema => ({
  anyOf: [
    { type: 'string', pattern: pattern(wanted), examples },
    { type: 'number', const: 0 },
  ],
});

const timeScales = { fs: 1n, ps: 1_000n, ns: 1_000_000n };

/** A time as a whole number of `unit`. */
export function timeIn(unit: keyof typeof timeScales, bounds: Bounds = {}): Type<number> {
  const scale = timeScales[unit];
  return scalar(
    (value) => {
      const quantity = readQuantity(value, [time]);
      return 'value' in quantity ? whole(value, quantity.value, scale, bounds) : quantity;
    },
    zeroOr([time], ['500ns', '1.5ms', '60s']),
  );
}

/** A bit rate in bits a second. */
export function bitsPerSecond(bounds: Bounds): Type<number> {
  return scalar(
    (value) => {
      const quantity = readQuantity(value, [bitRate]);
      return 'value' in quantity ? whole(value, quantity.value, 1n, bounds) : quantity;
    },
    { type: 'string', pattern: pattern([bitRate]), examples: ['10Gbps'] },
  );
}

/** A size in bytes; a bare number is bytes. */
export function bytes(bounds: Bounds): Type<number> {
  return scalar(
    (value) => {
      const quantity = readQuantity(value, [size], size);
      return 'value' in quantity ? whole(value, quantity.value, 1n, bounds) : quantity;
    },
    {
      anyOf: [
        { type: 'integer', minimum: bounds.min ?? 0 },
        { type: 'string', pattern: pattern([size]), examples: ['64KiB'] },
      ],
    },
  );
}

export interface RateAmount {
  readonly unit: 'PPS' | 'BPS' | 'LINE_SHARE';
  readonly rate: number;
}

/** A rate of frames: packets a second, bits a second (layer 2), or a share of the line (layer 1). */
/** `silence`: may be 0, as either end of a ramp. */
export function rateAmount({ silence = false } = {}): Type<RateAmount> {
  const wanted = [packetRate, bitRate, share];
  return scalar(
    (value) => {
      const quantity = readQuantity(value, wanted);
      if (!('value' in quantity)) return quantity;
      const amount = toNumber(quantity.value.value);
      if (amount < 0 || (amount === 0 && !silence))
        return { problem: `${describe(value)} sends nothing`, expected: 'a rate above 0' };
      if (amount > (quantity.value.dimension === share ? 1000 : 1e15)) {
        const expected = 'at most 1000Tbps, 1000000Gpps or 100000%';
        return { problem: `${describe(value)} is too much`, expected };
      }
      // A gap that no timeline holds.
      if (quantity.value.dimension === packetRate && amount !== 0 && amount < 1e9 / longestNs)
        return { problem: `${describe(value)} is too little`, expected: `at least ${1e9 / longestNs}pps` };
      const unit =
        quantity.value.dimension === packetRate
          ? 'PPS'
          : quantity.value.dimension === bitRate
            ? 'BPS'
            : 'LINE_SHARE';
      return { value: { unit, rate: amount } };
    },
    { type: 'string', pattern: pattern(wanted), examples: ['100kpps', '5Gbps', '80%'] },
  );
}

/** Frames a second, 0 for none or no limit. */
export function framesPerSecond(): Type<number> {
  return scalar(
    (value) => {
      const quantity = readQuantity(value, [packetRate]);
      if (!('value' in quantity)) return quantity;
      const amount = toNumber(quantity.value.value);
      if (amount < 0) return { problem: `${describe(value)} is negative` };
      return amount > 1e9
        ? { problem: `${describe(value)} is too much`, expected: 'at most 1Gpps' }
        : { value: amount };
    },
    zeroOr([packetRate], ['100kpps']),
  );
}

/** Events a second; a bare number is a second's count. */
export function hertz(): Type<number> {
  return scalar(
    (value) => {
      const quantity = readQuantity(value, [frequency], frequency);
      if (!('value' in quantity)) return quantity;
      const amount = toNumber(quantity.value.value);
      if (amount < 0) return { problem: `${describe(value)} is negative` };
      return amount > 1e9
        ? { problem: `${describe(value)} is too much`, expected: 'at most 1000MHz' }
        : { value: amount };
    },
    {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', pattern: pattern([frequency]) },
      ],
    },
  );
}

/** A probability, 0 to 1, or 0% to 100%. */
export function probability(): Type<number> {
  return scalar(
    (value) => {
      const expected = 'a probability from 0 to 1, or a share such as 0.1%';
      const quantity = readQuantity(value, [share], share);
      if (!('value' in quantity)) return { ...quantity, expected };
      const amount = toNumber(quantity.value.value);
      return amount >= 0 && amount <= 1
        ? { value: amount }
        : { problem: `${describe(value)} is no probability`, expected };
    },
    {
      anyOf: [
        { type: 'number', minimum: 0, maximum: 1 },
        { type: 'string', pattern: pattern([share]) },
      ],
    },
  );
}

/** A whole number; `1_000_000`, `1e6` and hexadecimal are fine. */
export function count(bounds: Bounds = {}, what = 'a whole number'): Type<number> {
  const { min = 0, max = largest } = bounds;
  const range = max === largest ? `${what} of at least ${min}` : `${what} from ${min} to ${max}`;
  return scalar((value) => readCount(value, min, max, range), {
    anyOf: [
      { type: 'integer', minimum: min, maximum: max },
      { type: 'string', pattern: '^[0-9][0-9_]*$' },
    ],
  });
}

export function readCount(value: unknown, min: number, max: number, range: string): Outcome<number> {
  const text = textOf(value);
  const exact = text === undefined ? undefined : wholeNumber(text);
  if (exact === undefined) return { ...wrong(value, 'a whole number'), expected: range };
  if (exact < BigInt(min) || exact > BigInt(max)) {
    const tooFine = exact > BigInt(largest) && max === largest ? 'is beyond 2^53 - 1' : 'is out of range';
    return { problem: `${describe(value)} ${tooFine}`, expected: range };
  }
  return { value: Number(exact) };
}

function wholeNumber(text: string): bigint | undefined {
  if (/^0x[0-9a-fA-F]{1,16}$/.test(text)) return BigInt(text);
  const decimal = parseDecimal(text);
  return decimal === undefined ? undefined : toInteger(decimal);
}

/** A power of two within bounds. */
export function powerOfTwo(bounds: Required<Bounds>): Type<number> {
  const range = `a power of two from ${bounds.min} to ${bounds.max}`;
  return scalar(
    (value) => {
      const outcome = readCount(value, bounds.min, bounds.max, range);
      if (!('value' in outcome) || Number.isInteger(Math.log2(outcome.value))) return outcome;
      const below = 2 ** Math.floor(Math.log2(outcome.value));
      const near = below * 2 <= bounds.max ? `${below} or ${below * 2}` : String(below);
      return { problem: `${describe(value)} is not a power of two`, expected: range, nearest: near };
    },
    { type: 'integer', minimum: bounds.min, maximum: bounds.max },
  );
}

/** A decimal number in a range, both ends included unless `above`. */
export function decimal(range: { min: number; max: number; above?: boolean }): Type<number> {
  const expected =
    range.above === true
      ? `a number above ${range.min}, at most ${range.max}`
      : `a number from ${range.min} to ${range.max}`;
  return scalar(
    (value) => {
      const text = textOf(value);
      const exact = text === undefined ? undefined : parseDecimal(text);
      if (exact === undefined) return { ...wrong(value, 'a number'), expected };
      const amount = toNumber(exact);
      const fits = amount <= range.max && (range.above === true ? amount > range.min : amount >= range.min);
      return fits ? { value: amount } : { problem: `${describe(value)} is out of range`, expected };
    },
    { type: 'number', minimum: range.min, maximum: range.max },
  );
}

export function flag(): Type<boolean> {
  return scalar(
    (value) =>
      typeof value === 'boolean'
        ? { value }
        : { ...wrong(value, 'true or false'), expected: 'true or false' },
    { type: 'boolean' },
  );
}

/** Text of at least one and at most `most` characters. */
export function text(what: string, most = 4096): Type<string> {
  return scalar(
    (value) => {
      if (typeof value !== 'string' || value === '')
        return { ...wrong(value === '' ? null : value, 'text'), expected: what };
      if (value.length > most) return { problem: `is longer than ${most} characters`, expected: what };
      const onOneLine = isPrintable(value) && !/[\n\t]/.test(value);
      return onOneLine ? { value } : { problem: 'holds a control character', expected: what };
    },
    { type: 'string', minLength: 1 },
  );
}

/** Any text that can be shown, the empty one included. */
export function anyText(): Type<string> {
  return scalar(
    (value) => {
      if (typeof value !== 'string') return { ...wrong(value, 'text'), expected: 'text' };
      return isPrintable(value) ? { value } : { problem: 'holds a control character', expected: 'text' };
    },
    { type: 'string' },
  );
}

/** Text that is sent, whatever it holds. */
export function data(most: number): Type<string> {
  return scalar(
    (value) => {
      if (typeof value !== 'string' || value === '')
        return { ...wrong(value === '' ? null : value, 'text'), expected: 'text' };
      return value.length > most ? { problem: `is longer than ${most} characters` } : { value };
    },
    { type: 'string', minLength: 1 },
  );
}

/** One of a few words. */
export function word<W extends string>(words: readonly W[]): Type<W> {
  return scalar(
    (value) => {
      const found = words.find((candidate) => candidate === value);
      if (found !== undefined) return { value: found };
      return unknownWord(value, words);
    },
    { enum: [...words] },
  );
}

function oneOf(words: readonly string[]): string {
  if (words.length === 1) return words[0] as string;
  return words.length > 12 ? `one of ${words.slice(0, 12).join(', ')}, …` : `one of ${words.join(', ')}`;
}

export function unknownWord(value: unknown, words: readonly string[], what = 'word'): Problem {
  if (typeof value !== 'string') return { ...wrong(value, `a ${what}`), expected: oneOf(words) };
  return {
    problem: `unknown ${what} ${describe(value)}`,
    expected: oneOf(words),
    nearest: nearest(value, words),
  };
}
