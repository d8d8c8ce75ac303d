// "One of" by key: `{ poisson: 100kpps }`, `{ at: 1s, pause: … }`. The key that is there says which form
// was meant, so a mistake inside it is reported for that form alone.
import { nearest } from '../../errors/index.js';
import { describe, either, isMap, object, type Shape, type Type, typed } from './kit.js';

export interface Tagged {
  /** For errors: "a rate". */
  readonly what: string;
  /** The form without a map (`100kpps`), tried first. */
  readonly plain?: Type<unknown>;
  /** What the plain form looks like, for errors. */
  readonly plainText?: string;
  /** Keys that every form has besides its own. */
  readonly common?: Shape;
  /** For each tag: its keys, its own among them. */
  readonly tags: Readonly<Record<string, Shape>>;
}

export interface TaggedValue {
  readonly tag: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A map with one of the tags, or the plain form. */
export function tagged(form: Tagged): Type<unknown> {
  const tags = Object.keys(form.tags);
  const branches = tags.map((tag) => typed(object({ ...form.common, ...form.tags[tag] })) as Type<unknown>);
  const first = form.plain === undefined ? [] : [form.plain];
  const shown = tags.map((tag) => `{ ${tag}: … }`).join(', ');
  const expected =
    form.plainText === undefined
      ? `one of the keys ${tags.join(', ')}`
      : `${form.plainText}, or one of ${shown}`;
  const strays = new Set([
    ...tags,
    ...Object.keys(form.common ?? {}),
    ...Object.values(form.tags).flatMap(Object.keys),
  ]);

  return either([...first, ...branches], (value) => {
    if (!isMap(value)) {
      if (form.plain !== undefined && !Array.isArray(value) && value !== undefined && value !== null)
        return 0;
      const problem = value === undefined ? 'is missing' : `is ${describe(value)}`;
      return {
        problem,
        expected: form.plain === undefined ? `${form.what}: a map with ${expected}` : expected,
      };
    }
    const present = tags.filter((tag) => Object.hasOwn(value, tag));
    if (present.length > 1)
      return { problem: `${present.join(' and ')} exclude each other`, expected: 'one of them' };
    if (present.length === 1) return first.length + tags.indexOf(present[0] as string);
    const stray = Object.keys(value).find((word) => !strays.has(word));
    if (stray === undefined) return { problem: `says no ${form.what.replace(/^an? /, '')}`, expected };
    const close = nearest(stray, tags);
    const what = close === undefined ? expected : undefined;
    return {
      problem: `unknown key ${describe(stray)}`,
      expected: what,
      nearest: close,
      at: stray,
      key: true,
    };
  });
}

/** The tag of a parsed map. */
export function tagOf(form: Tagged, value: unknown): TaggedValue | undefined {
  if (!isMap(value)) return undefined;
  const tag = Object.keys(form.tags).find((name) => value[name] !== undefined);
  return tag === undefined ? undefined : { tag, value };
}
