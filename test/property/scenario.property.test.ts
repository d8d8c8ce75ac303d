// The scenario loader under random input. Valid scenarios: what was generated is what the plan says,
// however it is written. Broken ones: at least one fault, inside the file. Anything at all: the loader
// returns or throws a RingbedError.
// RINGBED_RUNS=N makes each property longer, RINGBED_TEST_SEED=random looks elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { RingbedError, ScenarioError } from '../../src/errors/index.js';
import { decodePlan, encodePlan, type Loaded, type Plan, parseScenario } from '../../src/scenario/index.js';

const runs = (numRuns: number) => ({ numRuns: Number(process.env.RINGBED_RUNS ?? numRuns) });

function load(text: string, sets: readonly string[] = []): Loaded {
  return parseScenario(text, { file: 's.yaml', sets, availableMemory: Number.POSITIVE_INFINITY });
}

type Words = { [key: string]: unknown };
/** A part of a scenario and what the plan must say of it. */
interface Part {
  words: Words;
  plan: Words;
}

const part = (name: string, planName: string, pair: fc.Arbitrary<[unknown, unknown]>): fc.Arbitrary<Part> =>
  pair.map(([word, meant]) => ({ words: { [name]: word }, plan: { [planName]: meant } }));

/** Any of the parts, each there or not. */
const some = (...parts: fc.Arbitrary<Part>[]): fc.Arbitrary<Part> =>
  fc.tuple(...parts.map((one) => fc.option(one, { nil: undefined }))).map((chosen) => {
    const there = chosen.filter((one) => one !== undefined);
    return {
      words: Object.assign({}, ...there.map((one) => one.words)),
      plan: Object.assign({}, ...there.map((one) => one.plan)),
    };
  });

const whole = (name: string, planName: string, min: number, max: number) =>
  part(
    name,
    planName,
    fc
      .integer({ min, max })
      .chain((count) =>
        fc.constantFrom(count, String(count)).map((text) => [text, count] as [unknown, unknown]),
      ),
  );
const flag = (name: string, planName: string) =>
  part(
    name,
    planName,
    fc.boolean().map((truth) => [truth, truth] as [unknown, unknown]),
  );
const power = (name: string, planName: string, most: number) =>
  part(
    name,
    planName,
    fc.integer({ min: 0, max: most }).map((bits) => [2 ** bits, 2 ** bits] as [unknown, unknown]),
  );

const picoseconds: [string, number][] = [
  ['ps', 1],
  ['ns', 1e3],
  ['us', 1e6],
  ['µs', 1e6],
  ['ms', 1e9],
];
const duration = (max = 999): fc.Arbitrary<[string, number]> =>
  fc
    .tuple(fc.integer({ min: 1, max }), fc.constantFrom(...picoseconds))
    .map(([count, [unit, scale]]) => [`${count}${unit}`, count * scale]);
const share: fc.Arbitrary<[unknown, number]> = fc
  .integer({ min: 0, max: 1000 })
  .chain((milli) =>
    fc.constantFrom<[unknown, number]>([`${milli / 10}%`, milli / 1000], [milli / 1000, milli / 1000]),
  );

const constant = (ps: number) => ({ kind: 'CONSTANT', aPs: ps, bPs: 0, sigmaMilli: 0 });
const law: fc.Arbitrary<[unknown, unknown]> = fc.oneof(
  duration().map(([text, ps]): [unknown, unknown] => [text, constant(ps)]),
  duration().map(([text, ps]): [unknown, unknown] => [
    { exponential: text },
    { kind: 'EXPONENTIAL', aPs: ps, bPs: 0, sigmaMilli: 0 },
  ]),
  fc
    .tuple(duration(), fc.integer({ min: 1, max: 9999 }))
    .map(([[text, ps], milli]): [unknown, unknown] => [
      { pareto: { min: text, shape: milli / 1000 } },
      { kind: 'PARETO', aPs: ps, bPs: 0, sigmaMilli: milli },
    ]),
  fc
    .tuple(duration(), duration())
    .map(([[mean, a], [stddev, b]]): [unknown, unknown] => [
      { normal: { mean, stddev } },
      { kind: 'NORMAL', aPs: a, bPs: b, sigmaMilli: 0 },
    ]),
);

const rates: [string, string, number][] = [
  ['pps', 'PPS', 1],
  ['kpps', 'PPS', 1e3],
  ['Mpps', 'PPS', 1e6],
  ['Mbps', 'BPS', 1e6],
  ['Gbps', 'BPS', 1e9],
];
const amount = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom(...rates))
  .map(([count, [unit, kind, scale]]) => ({ text: `${count}${unit}`, unit: kind, rate: count * scale }));
const still = { rateTo: 0, rampNs: 0, onNs: 0, offNs: 0 };
const rate: fc.Arbitrary<[unknown, unknown]> = fc.oneof(
  amount.map(({ text, ...meant }): [unknown, unknown] => [text, { kind: 'CONSTANT', ...still, ...meant }]),
  amount.map(({ text, ...meant }): [unknown, unknown] => [
    { poisson: text },
    { kind: 'POISSON', ...still, ...meant },
  ]),
  fc
    .tuple(amount, fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 999 }))
    .map(([{ text, ...meant }, on, off]): [unknown, unknown] => [
      { burst: { rate: text, on: `${on}us`, off: `${off}ns` } },
      { kind: 'BURST', ...still, ...meant, onNs: on * 1000, offNs: off },
    ]),
);

const symbol = fc.stringMatching(/^[A-Z]{1,8}$/);
const ascii = (text: string) => ({ number: 0, data: new TextEncoder().encode(text) });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const range = fc.tuple(uint32, uint32).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const payload: fc.Arbitrary<[unknown, unknown]> = fc
  .record({ symbols: fc.array(symbol, { minLength: 1, maxLength: 4 }), price: range, little: fc.boolean() })
  .map(({ symbols, price: [min, max], little }) => [
    {
      kind: 'nanonet.market_data',
      symbol: { zipf: symbols },
      price: { uniform: [min, max] },
      byteOrder: little ? 'little' : 'big',
    },
    {
      kind: 'nanonet.market_data',
      littleEndian: little,
      fields: expect.arrayContaining([
        expect.objectContaining({ field: 'symbol', kind: 'ZIPF', values: symbols.map(ascii), exponent: 1 }),
        expect.objectContaining({ field: 'price', kind: 'UNIFORM', min, max }),
      ]),
    },
  ]);

const stream: fc.Arbitrary<Part> = fc
  .tuple(
    fc.integer({ min: 1, max: 65_535 }),
    some(
      part('rate', 'rate', rate),
      part('payload', 'payload', payload),
      whole('ttl', 'ttl', 0, 255),
      whole('dscp', 'dscp', 0, 63),
      whole('flows', 'flows', 1, 100_000),
      whole('packets', 'packets', 1, 2 ** 31 - 1),
      flag('udpChecksum', 'udpChecksum'),
    ),
  )
  .map(([port, { words, plan }]) => ({
    words: { to: `239.1.1.1:${port}`, ...words },
    plan: { kind: 'UDP', to: expect.objectContaining({ port }), ...plan },
  }));

const section = (name: string, parts: fc.Arbitrary<Part>): fc.Arbitrary<Part> =>
  parts.map(({ words, plan }) =>
    Object.keys(words).length === 0
      ? { words: {}, plan: {} }
      : { words: { [name]: words }, plan: { [name]: plan } },
  );

const scenario: fc.Arbitrary<Part> = fc
  .record({
    streams: fc.array(stream, { minLength: 1, maxLength: 4 }),
    top: some(whole('seed', 'seed', 0, 2 ** 31 - 1), whole('packets', 'packets', 1, 2 ** 31 - 1)),
    link: section(
      'link',
      some(
        part('delay', 'delayPs', duration()),
        part('jitter', 'jitter', law),
        part('loss', 'loss', share),
        whole('mtu', 'mtuBytes', 1500, 9000),
      ),
    ),
    nic: section(
      'nic',
      some(
        whole('queues', 'queues', 1, 128),
        power('rxDescriptors', 'rxDescriptors', 16),
        power('txDescriptors', 'txDescriptors', 16),
        flag('checkFcs', 'checkFcs'),
      ),
    ),
    core: section(
      'core',
      some(
        whole('count', 'count', 1, 256),
        whole('batch', 'batch', 1, 4096),
        whole('budget', 'budget', 1, 65_536),
      ),
    ),
    pool: section(
      'pool',
      some(whole('size', 'size', 1, 2 ** 30), whole('bufferBytes', 'bufferBytes', 1, 65_536)),
    ),
    costs: section(
      'costs',
      some(
        part('packet', 'packet', law),
        part('txCompletion', 'txCompletion', law),
        part('interrupt', 'interrupt', law),
      ),
    ),
  })
  .map(({ streams, top, link, nic, core, pool, costs }) => ({
    words: {
      traffic: streams.map(({ words }) => words),
      ...top.words,
      ...link.words,
      ...nic.words,
      ...core.words,
      ...(Object.keys(pool.words).length === 0 ? {} : { device: pool.words }),
      ...costs.words,
    },
    plan: {
      traffic: streams.map(({ plan }) => plan),
      ...top.plan,
      ...link.plan,
      ...nic.plan,
      ...core.plan,
      ...(Object.keys(pool.plan).length === 0 ? {} : { device: pool.plan }),
      ...costs.plan,
    },
  }));

describe('any valid scenario', () => {
  it('means in the plan what was written', () => {
    fc.assert(
      fc.property(scenario, ({ words, plan }) => {
        expect(load(stringify(words)).plan).toMatchObject(plan);
      }),
      runs(60),
    );
  });

  it('is the same plan as YAML, as JSON and through its encoding', () => {
    fc.assert(
      fc.property(scenario, ({ words }) => {
        const { plan, bytes, digest } = load(stringify(words));
        const json = load(JSON.stringify(words));
        expect(json.plan).toEqual(plan);
        expect(json.digest).toBe(digest);
        const decoded: Plan = decodePlan(bytes);
        expect(decoded).toEqual(plan);
        expect(encodePlan(decoded)).toEqual(bytes);
      }),
      runs(40),
    );
  });

  it('keeps its digest when its keys are shuffled', () => {
    fc.assert(
      fc.property(scenario, fc.nat(), ({ words }, turn) => {
        const keys = Object.keys(words);
        const turned = [...keys.slice(turn % keys.length), ...keys.slice(0, turn % keys.length)];
        const other = Object.fromEntries(turned.map((key) => [key, words[key]]));
        expect(load(stringify(other)).digest).toBe(load(stringify(words)).digest);
      }),
      runs(20),
    );
  });

  it('can be set, value by value, instead of written', () => {
    fc.assert(
      fc.property(scenario, ({ words }) => {
        const { traffic, ...rest } = words;
        const sets = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
        expect(load(stringify({ traffic }), sets).plan).toEqual(load(stringify(words)).plan);
      }),
      runs(20),
    );
  });
});

/** Every path of a value below the root. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return path.length === 0 ? [] : [path];
  const inner = Object.entries(value).flatMap(([key, item]) =>
    paths(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

type Holder = Record<string | number, unknown>;

function holderOf(root: unknown, path: (string | number)[]): Holder {
  return path.slice(0, -1).reduce<Holder>((node, step) => node[step] as Holder, root as Holder);
}

const mutations: Record<string, (holder: Holder, key: string | number) => void> = {
  'unknown key': (holder, key) => {
    if (Array.isArray(holder)) holder[key] = { nonsense: 1 };
    else holder[`${key}_`] = holder[key];
  },
  'a map instead': (holder, key) => {
    holder[key] = { nonsense: 1 };
  },
  'a list instead': (holder, key) => {
    holder[key] = [[]];
  },
  'nothing instead': (holder, key) => {
    holder[key] = null;
  },
  'a number that is none': (holder, key) => {
    holder[key] = Number.NaN;
  },
};

describe('any scenario with a mistake', () => {
  it.each(Object.keys(mutations))('%s: at least one fault, inside the file', (name) => {
    fc.assert(
      fc.property(scenario, fc.nat(), ({ words }, choice) => {
        const broken = structuredClone(words);
        const all = paths(broken);
        const path = all[choice % all.length] as (string | number)[];
        mutations[name]?.(holderOf(broken, path), path.at(-1) as string);
        const text = stringify(broken);
        const lines = text.split('\n');
        try {
          load(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ScenarioError);
          for (const fault of (error as ScenarioError).faults) {
            expect(fault.file).toBe('s.yaml');
            expect(fault.line).toBeGreaterThanOrEqual(1);
            expect(fault.line).toBeLessThanOrEqual(lines.length);
            expect(fault.column).toBeLessThanOrEqual((lines[fault.line - 1] ?? '').length + 1);
            expect(fault.message).not.toMatch(/undefined|\[object|Invalid input/);
          }
          return;
        }
        // A symbol is text: `NaN` is a good one.
        const isSymbol = name === 'a number that is none' && path.includes('symbol');
        expect(isSymbol, `no fault at ${path.join('.')} in\n${text}`).toBe(true);
      }),
      runs(60),
    );
  });
});

/** The loader's whole contract: it returns, or throws what explains itself. */
function isTotal(text: string, sets: readonly string[] = []): void {
  try {
    load(text, sets);
  } catch (error) {
    if (!(error instanceof RingbedError)) throw error;
    expect(error.code).not.toBe('internal');
    expect(error.message).not.toMatch(/\n\s+at |\[object|Invalid input/);
  }
}

const folder = new URL('../../scenarios/', import.meta.url);
const golden = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));
const tokens = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  ',',
  '- ',
  '? ',
  '\n',
  '\n  ',
  '\t',
  '"',
  "'",
  '|',
  '>',
  '&a ',
  '*a',
  '!!str ',
  '!x ',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '#',
  '<<: *a',
  'traffic',
  'rate',
  'to',
  'device',
  'slo',
  'link',
  '1s',
  '10Gbps',
  '0',
  'null',
  '~',
  'true',
  '.nan',
  '-.inf',
  '0x',
  '1e999',
  '__proto__',
  'constructor',
  '\u0000',
  '\ufeff',
  '\u2028',
  '\ud800',
);

describe('anything at all', () => {
  it('strings', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => isTotal(text)),
      runs(300),
    );
  });

  it('bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isTotal(Buffer.from(bytes).toString('utf8'))),
      runs(300),
    );
  });

  it('soups of YAML', () => {
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 60 }), (words) => isTotal(words.join(''))),
      runs(200),
    );
  });

  it('golden scenarios with a piece cut out, doubled or replaced', () => {
    const cut = fc.tuple(
      fc.constantFrom(...golden),
      fc.nat(),
      fc.nat({ max: 30 }),
      fc.oneof(tokens, fc.string({ maxLength: 5 }), fc.constant('')),
    );
    fc.assert(
      fc.property(cut, ([text, at, length, put]) => {
        const start = at % text.length;
        isTotal(text.slice(0, start) + put + text.slice(start + length));
      }),
      runs(150),
    );
  });

  it('--set', () => {
    const path = fc.array(
      fc.constantFrom(
        'traffic',
        '0',
        'feed',
        '99',
        'rate',
        'device',
        'pool',
        'size',
        'slo',
        'latency',
        'p99',
        '',
        '__proto__',
        'fields',
        'x',
      ),
      { maxLength: 6 },
    );
    const value = fc.oneof(
      fc.array(tokens, { maxLength: 8 }).map((words) => words.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(path, value, (words, text) => {
        isTotal('traffic: [{ name: feed, to: 239.1.1.1:8080 }]', [`${words.join('.')}=${text}`]);
      }),
      runs(200),
    );
  });

  it('plans in any bytes', () => {
    const { bytes } = load('traffic: [{ to: 239.1.1.1:8080, rate: 100kpps }]');
    const mutated = fc
      .tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: bytes.length }))
      .map(([at, value, end]) => {
        const copy = bytes.slice(0, end);
        if (at < copy.length) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (some) => {
        try {
          decodePlan(some);
        } catch (error) {
          expect(error).toBeInstanceOf(RingbedError);
          expect((error as RingbedError).code).toBe('invalid');
        }
      }),
      runs(1500),
    );
  });
});
