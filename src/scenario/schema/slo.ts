// Service level objectives: a metric of the report, a comparison and a limit. Whether the metric exists and
// which unit it takes is checked with the whole scenario at hand (metrics.ts).
import type { Slo } from '../plan.js';
import { describe, type Outcome, scalar, type Type, wrong } from './kit.js';

export interface SloSpec {
  readonly op: Slo['op'];
  /** False where the user gave a bare value. */
  readonly compared: boolean;
  readonly limit: string;
  readonly text: string;
}

const operators: Readonly<Record<string, Slo['op']>> = {
  '<': 'LT',
  '<=': 'LE',
  '=': 'EQ',
  '==': 'EQ',
  '>=': 'GE',
  '>': 'GT',
};

/** Reads `"< 10us"`, `0`, `true`. */
export function sloLimit(): Type<SloSpec> {
  const expected = 'a limit such as "< 10us", "<= 200", 0 or true';
  return scalar(
    (value): Outcome<SloSpec> => {
      if (value === null || value === undefined || typeof value === 'object')
        return { ...wrong(value, 'a limit'), expected };
      const text = String(value);
      const match = /^\s*(<=|>=|==|<|>|=)?\s*([^<>=\s][^<>=]*?)\s*$/.exec(text);
      if (match?.[2] === undefined || text.length > 200)
        return { problem: `${describe(value)} is not a limit`, expected };
      const op = operators[match[1] ?? '='] ?? 'EQ';
      return { value: { op, compared: match[1] !== undefined, limit: match[2], text } };
    },
    { type: ['string', 'number', 'boolean'], examples: ['< 10us', 0, true] },
  );
}
