// Times that may be drawn anew for each use: `60ns`, or `{ exponential: 1us }` and its like.
import type { Distribution } from '../plan.js';
import { parseDecimal, toInteger } from '../units.js';
import { describe, map, object, scalar, type Type, typed, wrong } from './kit.js';
import { pair } from './programs.js';
import { timeIn } from './scalars.js';
import { type Tagged, tagged, tagOf } from './tagged.js';

// 2^53 ps are two and a half hours; a tenth of it leaves room for sums.
const longest = { max: 9e14 };

/** A shape parameter in thousandths. */
function milli(): Type<number> {
  const expected = 'a number above 0, at most 1000, in steps of 0.001';
  return scalar(
    (value) => {
      const exact =
        typeof value === 'object' || value === undefined ? undefined : parseDecimal(String(value));
      if (exact === undefined) return { ...wrong(value, 'a number'), expected };
      const count = toInteger({ digits: exact.digits * 1000n, exponent: exact.exponent });
      if (count === undefined || count <= 0n || count > 1_000_000n) {
        return { problem: `${describe(value)} is out of range`, expected };
      }
      return { value: Number(count) };
    },
    { type: 'number', exclusiveMinimum: 0, maximum: 1000 },
  );
}

interface Forms {
  exponential: number;
  uniform: { min: number; max: number };
  normal: { mean: number; stddev: number };
  lognormal: { median: number; sigma: number };
  pareto: { min: number; shape: number };
}

const convert: { [T in keyof Forms]: (form: Forms[T]) => Distribution } = {
  exponential: (mean) => ({ kind: 'EXPONENTIAL', aPs: mean, bPs: 0, sigmaMilli: 0 }),
  uniform: ({ min, max }) => ({ kind: 'UNIFORM', aPs: min, bPs: max, sigmaMilli: 0 }),
  normal: ({ mean, stddev }) => ({ kind: 'NORMAL', aPs: mean, bPs: stddev, sigmaMilli: 0 }),
  lognormal: ({ median, sigma }) => ({ kind: 'LOGNORMAL', aPs: median, bPs: 0, sigmaMilli: sigma }),
  pareto: ({ min, shape }) => ({ kind: 'PARETO', aPs: min, bPs: 0, sigmaMilli: shape }),
};

let schema: Type<Distribution> | undefined;

/** A fixed time or a distribution of times, in picoseconds. */
export function distribution(): Type<Distribution> {
  schema ??= build();
  return schema;
}

function build(): Type<Distribution> {
  const time = timeIn('ps', longest);
  const form: Tagged = {
    what: 'a distribution',
    plain: time as Type<unknown>,
    plainText: 'a time (500ns, 1.5ms)',
    tags: {
      exponential: { exponential: time },
      uniform: { uniform: pair(time, 'times') },
      normal: { normal: typed(object({ mean: time, stddev: time })) },
      lognormal: { lognormal: typed(object({ median: time, sigma: milli() })) },
      pareto: { pareto: typed(object({ min: time, shape: milli() })) },
    },
  };
  return map(tagged(form), (value) => {
    const found = tagOf(form, value);
    if (found === undefined) return { kind: 'CONSTANT', aPs: value as number, bPs: 0, sigmaMilli: 0 };
    return convert[found.tag as keyof Forms](found.value[found.tag] as never);
  });
}
