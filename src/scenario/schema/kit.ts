// The few building blocks that the scenario's schema is made of: zod strict objects and unions, set up so
// that one mistake becomes one issue that knows what was expected and which names are valid.
// Objects carry their valid keys and unions the branch that the user meant in `params` of the issue
// (faults.ts reads them); a scalar is a reader function plus its JSON Schema.
import * as z from 'zod/mini';

/** A schema that yields T. */
export type Type<T> = z.ZodMiniType<T, unknown>;

export type JsonSchema = Record<string, unknown>;

/** What faults.ts reads from an issue. */
export interface IssueParams {
  readonly expected?: string | undefined;
  readonly nearest?: string | undefined;
  /** Valid keys of the object. */
  readonly known?: readonly string[];
  /** Keys of the maps one level below, with the key that they belong under. */
  readonly homes?: ReadonlyMap<string, string>;
  /** What else people call a key. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The union's branch that the value was meant for. */
  readonly pick?: number;
  /** The key is the mistake, not its value. */
  readonly key?: boolean | undefined;
  /** The key inside the value that the issue is about. */
  readonly at?: string | undefined;
}

export interface Problem {
  readonly problem: string;
  readonly expected?: string | undefined;
  readonly nearest?: string | undefined;
}
export type Outcome<T> = { readonly value: T } | Problem;

/** Descriptions for the JSON Schema, by schema. */
export const descriptions = z.registry<{ description: string }>();
const jsonForms = new WeakMap<object, JsonSchema>();

/** The JSON Schema of a scalar. */
export function jsonFormOf(schema: object): JsonSchema | undefined {
  return jsonForms.get(schema);
}

/** `"10GB"`, `the number 5`, `a list`: the value in an error. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  return String(value);
}

/** A wrong value: `is empty`, `"x" is not a time`. */
export function wrong(value: unknown, what: string): Problem {
  if (value === undefined) return { problem: 'is missing', expected: what };
  if (value === null) return { problem: 'is empty', expected: what };
  return { problem: `${describe(value)} is not ${what}` };
}

/** A single value, read by a function. */
export function scalar<T>(read: (value: unknown) => Outcome<T>, json: JsonSchema): Type<T> {
  const schema = z.transform((value: unknown, context) => {
    const outcome = read(value);
    if ('value' in outcome) return outcome.value;
    const params: IssueParams = { expected: outcome.expected, nearest: outcome.nearest };
    context.issues.push({ code: 'custom', message: outcome.problem, input: value, params });
    return z.NEVER;
  });
  jsonForms.set(schema, json);
  return schema as unknown as Type<T>;
}

/** A key that the defaults fill in (so its type has no `undefined`), with its description. */
export function key<T>(schema: Type<T>, description: string): Type<T> {
  const optional = z.optional(schema);
  descriptions.add(optional, { description });
  // The first pass, before the defaults, uses only the issues; the second finds every such key filled.
  return optional as unknown as Type<T>;
}

/** A key that may be absent for good. */
export function maybe<T>(schema: Type<T>, description: string): z.ZodMiniOptional<Type<T>> {
  const optional = z.optional(schema);
  descriptions.add(optional, { description });
  return optional;
}

export type Shape = Record<string, z.ZodMiniType>;

/** A map with exactly these keys; `aliases` are words that are not keys but mean one. */
export function object<S extends Shape>(
  shape: S,
  what = 'a map',
  aliases: Readonly<Record<string, string>> = {},
): z.ZodMiniObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  const homes = homesOf(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      const raw = issue as { params?: IssueParams };
      if (issue.code === 'unrecognized_keys') raw.params = { known, homes, aliases };
      else if (issue.code === 'invalid_type')
        return typeIssue(raw, issue.input, `${what} with ${keysText(known)}`);
      return undefined;
    },
  });
}

/** Where a key one level below belongs, if under one key alone. */
function homesOf(shape: Shape): Map<string, string> {
  const homes = new Map<string, string>();
  const shared = new Set<string>();
  for (const [home, schema] of Object.entries(shape)) {
    for (const inner of keysInside(schema)) {
      if (homes.has(inner)) shared.add(inner);
      homes.set(inner, home);
    }
  }
  for (const inner of shared) homes.delete(inner);
  return homes;
}

/** The keys of a map, whatever is wrapped around its schema; none of what is no map. */
function keysInside(schema: z.core.$ZodType | undefined): string[] {
  const def = schema?._zod.def as
    | { shape?: Shape; innerType?: z.core.$ZodType; in?: z.core.$ZodType }
    | undefined;
  if (def === undefined) return [];
  return def.shape === undefined ? keysInside(def.innerType ?? def.in) : Object.keys(def.shape);
}

export function keysText(known: readonly string[]): string {
  return known.length > 8 ? `${known.slice(0, 8).join(', ')}, …` : known.join(', ');
}

/** For a value of the wrong shape: leaves `expected` in the issue and returns its message. */
export function typeIssue(issue: object, input: unknown, expected: string): string {
  (issue as { params?: IssueParams }).params = { expected };
  if (input === undefined) return 'is missing';
  return input === null ? 'is empty' : `is ${describe(input)}`;
}

/** A list of `least` to `most` items. */
export function list<T>(item: Type<T>, what: string, least = 0, most = 65_536): Type<T[]> {
  const array = z.array(item, {
    error: (issue) => (issue.code === 'invalid_type' ? typeIssue(issue, issue.input, what) : undefined),
  });
  return array.check(
    z.refine((items) => items.length >= least, {
      error: () => `has fewer than ${least} ${least === 1 ? 'item' : 'items'}`,
      params: { expected: what },
    }),
    z.refine((items) => items.length <= most, { error: () => `has more than ${most} items` }),
  ) as unknown as Type<T[]>;
}

/** Says which branch of a union a value was meant for, or what is wrong with it. */
export type Select = (value: unknown) => number | (Problem & Pick<IssueParams, 'at' | 'key'>);

/** One of several forms; `select` picks the one whose issues the user sees. */
export function either<T>(branches: readonly Type<T>[], select: Select): Type<T> {
  return z.union(branches as [Type<T>, ...Type<T>[]], {
    error: (issue) => {
      const choice = select(issue.input);
      const raw = issue as { params?: IssueParams };
      if (typeof choice === 'number') {
        raw.params = { pick: choice };
        return undefined;
      }
      const { problem, ...params } = choice;
      raw.params = params;
      return problem;
    },
  }) as unknown as Type<T>;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A schema followed by a conversion; `fail` reports what only the whole value shows. */
export type Fail = (path: readonly (string | number)[], problem: Problem) => void;

export function map<A, B>(schema: Type<A>, convert: (value: A, fail: Fail) => B): Type<B> {
  const step = z.transform((value: A, context) => {
    const fail: Fail = (path, problem) => {
      const params: IssueParams = { expected: problem.expected, nearest: problem.nearest };
      context.issues.push({
        code: 'custom',
        message: problem.problem,
        input: value,
        path: [...path],
        params,
      });
    };
    return convert(value, fail);
  });
  return z.pipe(schema, step as never) as unknown as Type<B>;
}

/** Puts the type that `object` infers behind the plain Type. */
export function typed<S extends z.ZodMiniType>(schema: S): Type<z.output<S>> {
  return schema as unknown as Type<z.output<S>>;
}
