// The JSON Schema for editors: accepts what the loader accepts, describes every key, refuses strangers.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { jsonSchema } from '../../../src/scenario/index.js';

type Json = Record<string, unknown>;
const schema = jsonSchema();
const folder = new URL('../../../scenarios/', import.meta.url);

/** As much of JSON Schema as the generated one uses; throws on a word that it does not know. */
function accepts(form: Json, value: unknown): boolean {
  return Object.entries(form).every(([word, rule]) => {
    const number = typeof value === 'number' ? value : undefined;
    switch (word) {
      case '$schema':
      case 'title':
      case 'description':
      case 'examples':
      case 'propertyNames':
        return true;
      case 'anyOf':
        return (rule as Json[]).some((branch) => accepts(branch, value));
      case 'enum':
        return (rule as unknown[]).includes(value);
      case 'const':
        return value === rule;
      case 'type':
        return [rule].flat().some((name) => isOfType(value, name as string));
      case 'pattern':
        return typeof value !== 'string' || new RegExp(rule as string).test(value);
      case 'minLength':
        return typeof value !== 'string' || value.length >= (rule as number);
      case 'minimum':
        return number === undefined || number >= (rule as number);
      case 'maximum':
        return number === undefined || number <= (rule as number);
      case 'exclusiveMinimum':
        return number === undefined || number > (rule as number);
      case 'items':
        return !Array.isArray(value) || value.every((item) => accepts(rule as Json, item));
      case 'required':
        return !isMap(value) || (rule as string[]).every((key) => key in value);
      case 'properties':
        return (
          !isMap(value) ||
          Object.entries(rule as Record<string, Json>).every(
            ([key, inner]) => !(key in value) || accepts(inner, value[key]),
          )
        );
      case 'additionalProperties': {
        if (!isMap(value)) return true;
        const strangers = Object.keys(value).filter(
          (key) => !Object.hasOwn((form.properties as Json) ?? {}, key),
        );
        return rule === false
          ? strangers.length === 0
          : strangers.every((key) => accepts(rule as Json, value[key]));
      }
      default:
        throw new Error(`unknown word ${word} in the schema`);
    }
  });
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  return type === 'object' ? isMap(value) : typeof value === type;
}

describe('jsonSchema', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('accepts %s', (name) => {
    expect(accepts(schema, parseYaml(readFileSync(new URL(name, folder), 'utf8')))).toBe(true);
  });

  const ten = { traffic: [{ to: '239.1.1.1:8080', rate: '100kpps' }] };
  it.each([
    [{}],
    [{ ...ten, lnik: {} }],
    [{ ...ten, link: { rate: '5ms' } }],
    [{ ...ten, link: { delay: 5 } }],
    [{ ...ten, device: { pool: { kind: 'fif' } } }],
    [{ ...ten, nic: { checkFcs: 'yes' } }],
    [{ traffic: [{ to: '239.1.1.1:8080', rate: { poisson: '5ms' } }] }],
    [{ traffic: [{ to: '239.1.1.1:8080', payload: { kind: 'nanonet.market_data', symbl: 'A' } }] }],
  ])('refuses %j', (value) => {
    expect(accepts(schema, value)).toBe(false);
  });

  it('describes every key that has a default', () => {
    const bare: string[] = [];
    const walk = (form: Json, path: string) => {
      for (const [key, inner] of Object.entries((form.properties as Record<string, Json>) ?? {})) {
        if (typeof inner.description !== 'string' && !((form.required as string[]) ?? []).includes(key))
          bare.push(`${path}.${key}`);
        walk(inner, `${path}.${key}`);
      }
      for (const branch of (form.anyOf as Json[]) ?? []) walk(branch, path);
      if (isMap(form.items)) walk(form.items, `${path}[]`);
    };
    walk(schema, '');
    expect(bare).toEqual([]);
  });
});
