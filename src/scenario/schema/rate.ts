// How fast a stream sends, and how large its frames are.
import { nearest } from '../../errors/index.js';
import type { Rate, Size } from '../plan.js';
import { describe, either, type Fail, isMap, map, object, scalar, type Type, typed, wrong } from './kit.js';
import { pair, weighted } from './programs.js';
import { longestNs, type RateAmount, rateAmount, readCount, timeIn } from './scalars.js';
import { type Tagged, tagged, tagOf } from './tagged.js';

interface Forms {
  constant: RateAmount;
  poisson: RateAmount;
  burst: { rate: RateAmount; on: number; off: number };
  ramp: { from: RateAmount; to: RateAmount; over: number };
}

const steady: Rate = { kind: 'CONSTANT', unit: 'PPS', rate: 0, rateTo: 0, rampNs: 0, onNs: 0, offNs: 0 };

const convert: { [T in keyof Forms]: (form: Forms[T], fail: Fail) => Rate } = {
  constant: (amount) => ({ ...steady, ...amount }),
  poisson: (amount) => ({ ...steady, ...amount, kind: 'POISSON' }),
  burst: ({ rate, on, off }) => ({ ...steady, ...rate, kind: 'BURST', onNs: on, offNs: off }),
  ramp: ({ from, to, over }, fail) => {
    if (from.unit !== to.unit) {
      fail(['ramp', 'to'], {
        problem: 'has another unit than `from`',
        expected: 'both in pps, both in bps or both in %',
      });
    }
    if (from.rate === 0 && to.rate === 0) {
      fail(['ramp'], { problem: 'sends nothing', expected: '`from` or `to` above 0' });
    }
    return { ...steady, ...from, kind: 'RAMP', rateTo: to.rate, rampNs: over };
  },
};

/** A rate with its arrival process. */
export function rate(): Type<Rate> {
  const amount = rateAmount();
  const end = rateAmount({ silence: true });
  const form: Tagged = {
    what: 'a rate',
    plain: amount as Type<unknown>,
    plainText: 'a rate (100kpps, 5Gbps, 80%)',
    tags: {
      constant: { constant: amount },
      poisson: { poisson: amount },
      burst: {
        burst: typed(
          object({
            rate: amount,
            on: timeIn('ns', { min: 1, max: longestNs }),
            off: timeIn('ns', { max: longestNs }),
          }),
        ),
      },
      ramp: {
        ramp: typed(object({ from: end, to: end, over: timeIn('ns', { min: 1, max: longestNs }) })),
      },
    },
  };
  return map(tagged(form), (value, fail) => {
    const found = tagOf(form, value);
    if (found === undefined) return convert.constant(value as RateAmount, fail);
    return convert[found.tag as keyof Forms](found.value[found.tag] as never, fail);
  });
}

/** Frames without FCS: the shortest that Ethernet allows (64 with FCS), and more than any jumbo frame. */
export const smallestFrame = 60;
export const largestFrame = 65_535;

/** "Simple IMIX": 7:4:1 of 64, 594 and 1518 bytes, here without the FCS. */
export const imix: Size = { kind: 'CHOICE', choices: [60, 590, 1514], weights: [7, 4, 1], min: 0, max: 0 };

function frameBytes(): Type<number> {
  const range = `the bytes of a frame without FCS, ${smallestFrame} to ${largestFrame}`;
  return scalar((value) => readCount(value, smallestFrame, largestFrame, range), {
    type: 'integer',
    minimum: smallestFrame,
    maximum: largestFrame,
  });
}

/** Frame sizes: a number, `imix`, `{ uniform: [a, b] }` or `{ choice: [{ bytes, weight }] }`. */
export function frameSize(): Type<Size> {
  const bytes = frameBytes();
  const named = scalar<Size>(
    (value) => (value === 'imix' ? { value: imix } : { ...wrong(value, 'a size'), expected: 'imix' }),
    { const: 'imix' },
  );
  const fixed = map(
    bytes,
    (choice): Size => ({ kind: 'CHOICE', choices: [choice], weights: [1], min: 0, max: 0 }),
  );
  const form: Tagged = {
    what: 'a size',
    tags: { uniform: { uniform: pair(bytes, 'bytes') }, choice: { choice: weighted('bytes', bytes) } },
  };
  const drawn = map(tagged(form), (value): Size => {
    const { uniform, choice } = value as {
      uniform?: { min: number; max: number };
      choice?: { values: number[]; weights: number[] };
    };
    if (uniform !== undefined) return { kind: 'UNIFORM', choices: [], weights: [], ...uniform };
    return { kind: 'CHOICE', choices: choice?.values ?? [], weights: choice?.weights ?? [], min: 0, max: 0 };
  });
  return either<Size>([named, fixed, drawn], (value) => {
    if (isMap(value)) return 2;
    if (value === 'imix') return 0;
    if (
      typeof value === 'bigint' ||
      typeof value === 'number' ||
      (typeof value === 'string' && /^\d/.test(value))
    )
      return 1;
    const expected =
      'bytes of a frame (60 to 65535), imix, { uniform: [a, b] } or { choice: [{ bytes, weight }] }';
    const problem =
      value === undefined || value === null
        ? wrong(value, 'a size').problem
        : `${describe(value)} is not a size`;
    return { problem, expected, nearest: typeof value === 'string' ? nearest(value, ['imix']) : undefined };
  });
}
