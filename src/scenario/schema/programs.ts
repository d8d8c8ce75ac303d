// Field programs: what a header or payload field takes from frame to frame. The values' form follows the
// field's type in the addon's table, so that `price: AAPL` and `ipv4.src: 10.0.0.300` are errors here.
import type { FieldProgram, Value } from '../plan.js';
import type { FieldRow } from '../tables.js';
import { parseIp, parseMac, readBytes } from './address.js';
import {
  describe,
  either,
  type Fail,
  isMap,
  list,
  map,
  maybe,
  type Outcome,
  object,
  scalar,
  type Type,
  typed,
  wrong,
} from './kit.js';
import { decimal, largest, readCount } from './scalars.js';
import { type Tagged, tagged, tagOf } from './tagged.js';

export type Program = Omit<FieldProgram, 'field'>;

const still: Program = {
  kind: 'LIST',
  values: [],
  min: 0,
  max: 0,
  step: 0,
  exponent: 0,
  sigma: 0,
  start: 0,
  weights: [],
};

const noBytes = new Uint8Array();

function ofNumber(number: number): Value {
  return { number, data: noBytes };
}

/** The largest number that fits the field and a JavaScript number. */
function topOf(field: FieldRow): number {
  return field.bits >= 53 ? largest : 2 ** field.bits - 1;
}

function readText(value: unknown, field: FieldRow): Outcome<Value> {
  const bytes = Math.floor(field.bits / 8);
  const expected = `at most ${bytes} printable ASCII characters`;
  // A symbol may look like a number or a word of YAML.
  const text = typeof value === 'object' || value === undefined ? undefined : String(value);
  if (text === undefined || text === '') return { ...wrong(value === '' ? null : value, 'text'), expected };
  if (!/^[\x20-\x7e]*$/.test(text)) return { problem: `${describe(value)} is not printable ASCII`, expected };
  if (text.length > bytes) return { problem: `${describe(value)} is longer than the field`, expected };
  return { value: { number: 0, data: new TextEncoder().encode(text) } };
}

function readHex(value: unknown, field: FieldRow): Outcome<Value> {
  const digits = Math.floor(field.bits / 4);
  const expected = `${digits} hexadecimal digits, quoted`;
  if (typeof value !== 'string' || !new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(value)) {
    return { ...wrong(value, 'bytes in hexadecimal'), expected };
  }
  return { value: { number: 0, data: Uint8Array.from(Buffer.from(value, 'hex')) } };
}

/** One value of the field as the plan holds it. */
export function fieldValue(field: FieldRow): Type<Value> {
  const data = (outcome: Outcome<Uint8Array>): Outcome<Value> =>
    'value' in outcome ? { value: { number: 0, data: outcome.value } } : outcome;
  const family = (length: number) => (text: string) => {
    const ip = parseIp(text);
    return ip?.length === length ? ip : undefined;
  };
  return scalar<Value>((value) => {
    switch (field.type) {
      case 'ascii':
        return readText(value, field);
      case 'bytes':
        return readHex(value, field);
      case 'ipv4':
        return data(readBytes(value, family(4), 'an IPv4 address', '10.0.0.1'));
      case 'ipv6':
        return data(readBytes(value, family(16), 'an IPv6 address', '2001:db8::1'));
      case 'mac':
        return data(readBytes(value, parseMac, 'a MAC address', '02:00:0a:00:00:01'));
      case 'bool':
        if (typeof value === 'boolean') return { value: ofNumber(value ? 1 : 0) };
        return { ...wrong(value, 'true or false'), expected: 'true or false' };
      case 'uint': {
        const number = readCount(
          value,
          0,
          topOf(field),
          `a whole number from 0 to ${topOf(field)} (${field.bits} bits)`,
        );
        return 'value' in number ? { value: ofNumber(number.value) } : number;
      }
    }
  }, jsonOf(field));
}

function jsonOf(field: FieldRow): Record<string, unknown> {
  if (field.type === 'uint')
    return {
      anyOf: [
        { type: 'integer', minimum: 0 },
        { type: 'string', pattern: '^[0-9][0-9_]*$' },
      ],
    };
  if (field.type === 'bool') return { type: 'boolean' };
  return field.type === 'ascii' ? { type: ['string', 'number'] } : { type: 'string' };
}

/** Fields whose values lie in order, so that they can have ranges. */
function isRanged(field: FieldRow): boolean {
  return field.type === 'uint' || field.type === 'ipv4' || field.type === 'mac';
}

/** A value as a number, for the ends of a range: an address counts as a big-endian number. */
function fieldNumber(field: FieldRow): Type<number> {
  return map(fieldValue(field), (value) =>
    value.data.length === 0 ? value.number : value.data.reduce((sum, byte) => sum * 256 + byte, 0),
  );
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** `[min, max]` */
export function pair(end: Type<number>, what: string): Type<Range> {
  return map(list(end, `[least, greatest], two of ${what}`), (items, fail) => {
    const [min = 0, max = 0] = items;
    if (items.length !== 2)
      fail([], { problem: `has ${items.length} items`, expected: `two: [least, greatest] of ${what}` });
    else if (min > max)
      fail([], { problem: 'the first end lies above the second', expected: '[least, greatest]' });
    return { min, max };
  });
}

/** `{ value, weight }` items. */
export function weighted<T>(key: string, value: Type<T>): Type<{ values: T[]; weights: number[] }> {
  const item = typed(
    object({
      [key]: value,
      weight: maybe(decimal({ min: 0, max: 1e9 }), 'share relative to the other weights; default 1'),
    }),
  );
  return map(list(item, `a list of { ${key}, weight }`, 1), (items, fail) => {
    const rows = items as unknown as Record<string, unknown>[];
    const weights = rows.map((row) => (row.weight as number | undefined) ?? 1);
    if (!weights.some((weight) => weight > 0))
      fail([], { problem: 'all weights are 0', expected: 'a weight above 0' });
    return { values: rows.map((row) => row[key] as T), weights };
  });
}

function formOf(field: FieldRow): Tagged {
  const value = fieldValue(field);
  const number = fieldNumber(field);
  const step = readStep();
  const exponent = maybe(decimal({ min: 0, max: 100 }), 'of the Zipf law; default 1');
  const values = list(value, 'a list of values', 1);
  const ranges = {
    increment: {
      increment: map(
        typed(object({ from: number, to: number, step: maybe(step, 'default 1') })),
        orderedEnds,
      ),
    },
    uniform: { uniform: pair(number, 'values') },
  };
  const zipf: Type<unknown> = isRanged(field) ? listOrRange(values, number) : values;
  return {
    what: 'a program',
    plain: value as Type<unknown>,
    plainText: 'a value',
    tags: {
      list: { list: values },
      ...(isRanged(field) ? ranges : {}),
      zipf: { zipf, exponent },
      ...(field.type === 'uint' ? { walk: { walk: walkOf(number) } } : {}),
      choice: { choice: weighted('value', value) },
    },
  };
}

function readStep(): Type<number> {
  return scalar((value) => readCount(value, 1, largest, 'a whole number of at least 1'), {
    type: 'integer',
    minimum: 1,
  });
}

function listOrRange(values: Type<Value[]>, number: Type<number>): Type<unknown> {
  const range = map(typed(object({ from: number, to: number })), (ends, fail) => {
    if (ends.to - ends.from >= mostRanks) {
      fail(['to'], {
        problem: `makes more than ${mostRanks} ranks`,
        expected: `at most from + ${mostRanks - 1}`,
      });
    }
    return orderedEnds(ends, fail);
  });
  return either<unknown>([values, range], (value) => (isMap(value) ? 1 : 0));
}

/** The native core tabulates the law. */
const mostRanks = 1_000_000;

function orderedEnds<E extends { from: number; to: number }>(ends: E, fail: Fail): E {
  if (ends.from > ends.to) fail(['from'], { problem: 'from lies above to' });
  return ends;
}

function walkOf(number: Type<number>): Type<unknown> {
  const shape = object({
    start: number,
    min: number,
    max: number,
    sigma: decimal({ min: 0, max: 1e12, above: true }),
  });
  return map(typed(shape), (walk, fail) => {
    if (walk.min > walk.max) fail(['min'], { problem: 'min lies above max' });
    else if (walk.start < walk.min || walk.start > walk.max)
      fail(['start'], { problem: 'start lies outside min..max' });
    return walk;
  }) as Type<unknown>;
}

/** What the tagged form yields, by tag (their schemas above guarantee these shapes). */
interface Forms {
  list: Value[];
  increment: { from: number; to: number; step?: number };
  uniform: Range;
  zipf: Value[] | { from: number; to: number };
  walk: { start: number; min: number; max: number; sigma: number };
  choice: { values: Value[]; weights: number[] };
}

const convert: { [T in keyof Forms]: (form: Forms[T], exponent: number) => Program } = {
  list: (values) => ({ ...still, values }),
  increment: ({ from, to, step }) => ({ ...still, kind: 'INCREMENT', min: from, max: to, step: step ?? 1 }),
  uniform: ({ min, max }) => ({ ...still, kind: 'UNIFORM', min, max }),
  zipf: (ranks, exponent) =>
    Array.isArray(ranks)
      ? { ...still, kind: 'ZIPF', values: ranks, exponent }
      : { ...still, kind: 'ZIPF', min: ranks.from, max: ranks.to, exponent },
  walk: (walk) => ({ ...still, kind: 'WALK', ...walk }),
  choice: ({ values, weights }) => ({ ...still, kind: 'CHOICE', values, weights }),
};

const programs = new Map<string, Type<Program>>();

/** The program of a field. One schema for all fields of a type and width. */
export function program(field: FieldRow): Type<Program> {
  const id = `${field.type}/${field.bits}`;
  let schema = programs.get(id);
  if (schema === undefined) {
    const form = formOf(field);
    schema = map(tagged(form), (value) => {
      const found = tagOf(form, value);
      if (found === undefined) return { ...still, values: [value as Value] };
      const { tag, value: given } = found;
      return convert[tag as keyof Forms](given[tag] as never, (given.exponent as number | undefined) ?? 1);
    });
    programs.set(id, schema);
  }
  return schema;
}
