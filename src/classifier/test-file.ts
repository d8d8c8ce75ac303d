// Tests of classifiers as data: a YAML or JSON file with an object, what its maps hold before, and cases of
// a frame in, a verdict, a frame and map entries out. The same file runs in every executor.
//
//   object: classifier.bpf.o        # beside the file, or one that ships with ringbed
//   stages: [parse, port]
//   maps: [{ map: ringbed_config, key: 0, value: { stages: 2 } }]
//   tests:
//     - description: a datagram to the target goes on
//       frame: 0200…                # hexadecimal; white space is ignored
//       verdict: XDP_REDIRECT
//       frame_out: 0200…            # default: as it went in, unless `frame_out: any`
//       maps: [{ map: ringbed_stages, key: 0, value: { hits: 1 } }]
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { RingbedError } from '../errors/index.js';
import type { ExecutorName } from '../native/index.js';
import { bundledObjects } from '../scenario/index.js';
import { type BtfInput, type BtfValue, decodeBtf, encodeBtf } from './btf.js';
import type { BpfMap } from './map.js';
import { BpfObject } from './object.js';

const entry = z.strictObject({
  map: z.string(),
  key: z.optional(z.unknown()),
  /** `absent: true`: the entry must not be there. */
  value: z.optional(z.unknown()),
  absent: z.optional(z.boolean()),
});

const testCase = z.strictObject({
  description: z.string(),
  program: z.optional(z.string()),
  maps_before: z.optional(z.array(entry)),
  frame: z.string(),
  verdict: z.union([z.string(), z.bigint()]),
  frame_out: z.optional(z.string()),
  maps: z.optional(z.array(entry)),
  /** Events that the program must have written, by map; hexadecimal, or `any`. */
  events: z.optional(z.record(z.string(), z.array(z.string()))),
});

const testFile = z.strictObject({
  description: z.optional(z.string()),
  object: z.string(),
  program: z.optional(z.string()),
  type: z.optional(z.enum(['xdp', 'tc'])),
  stages: z.optional(z.array(z.string())),
  maps: z.optional(z.array(entry)),
  tests: z.array(testCase),
});

export type TestEntry = z.output<typeof entry>;
export type TestCase = z.output<typeof testCase>;
export type TestFile = z.output<typeof testFile> & { path: string };

export interface TestOutcome {
  description: string;
  in: ExecutorName;
  ok: boolean;
  /** What differs, a line each. */
  problems: string[];
}

/** @throws RingbedError `io`, or `invalid` with the place of the mistake */
export function readTestFile(path: string): TestFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RingbedError('io', `${path} cannot be read`, 'check the path', { cause });
  }
  let plain: unknown;
  try {
    plain = parse(text, { intAsBigInt: true });
  } catch (cause) {
    throw new RingbedError('invalid', `${path}: ${(cause as Error).message}`, '', { cause });
  }
  const result = testFile.safeParse(plain);
  if (result.success) return { ...result.data, path };
  const issue = result.error.issues[0];
  throw new RingbedError(
    'invalid',
    `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`,
    'docs/classifier.md shows what a test file holds',
  );
}

/** Runs every case in a fresh object, so that none depends on another. */
export function runTestFile(file: TestFile, executor: ExecutorName): TestOutcome[] {
  return file.tests.map((test) => {
    const object = open(file, executor);
    try {
      return { description: test.description, in: executor, ...runCase(file, test, object) };
    } finally {
      object.close();
    }
  });
}

function open(file: TestFile, executor: ExecutorName): BpfObject {
  const beside = resolve(dirname(file.path), file.object);
  return BpfObject.open(bundledObjects.includes(file.object) ? file.object : beside, {
    in: executor,
    type: file.type,
    stages: file.stages ?? [],
  });
}

function runCase(file: TestFile, test: TestCase, object: BpfObject): { ok: boolean; problems: string[] } {
  for (const { map, key, value } of [...(file.maps ?? []), ...(test.maps_before ?? [])])
    object.map(map).set((key ?? 0) as BtfInput, (value ?? 0) as BtfInput);
  const frame = bytesOf(test.frame);
  const run = object.program(test.program ?? file.program ?? object.facts.entry).testRun(frame);
  const problems: string[] = [];
  const differ = (what: string, have: string, want: string) =>
    problems.push(`${what}: ${have}, expected ${want}`);
  if (run.fault !== '') problems.push(`the program was stopped: ${run.fault}`);
  if (run.name !== String(test.verdict) && String(run.verdict) !== String(test.verdict))
    differ('verdict', run.name, String(test.verdict));
  if (test.frame_out !== 'any') {
    const want = hex(test.frame_out === undefined ? frame : bytesOf(test.frame_out));
    if (hex(run.frame) !== want) differ('frame', hex(run.frame), want);
  }
  for (const expected of test.maps ?? []) checkEntry(object.map(expected.map), expected, differ);
  for (const [name, events] of Object.entries(test.events ?? {})) {
    const have = object.map(name).drain().map(hex);
    if (have.length !== events.length)
      differ(`events of ${name}`, String(have.length), String(events.length));
    for (const [i, want] of events.entries())
      if (want !== 'any' && have[i] !== undefined && have[i] !== hex(bytesOf(want)))
        differ(`event ${i} of ${name}`, have[i] as string, want);
  }
  return { ok: problems.length === 0, problems };
}

// Members that the test leaves out may be anything; CPUs are added up: which one ran is no test's business.
function checkEntry(
  map: BpfMap,
  { key = 0, value = 0, absent }: TestEntry,
  differ: (what: string, have: string, want: string) => void,
): void {
  const found = map.get(key as BtfInput);
  const at = `map ${map.name}[${text(key as BtfValue)}]`;
  if (absent === true) {
    if (found !== undefined) differ(at, text(found), 'no entry');
    return;
  }
  if (found === undefined) {
    differ(at, 'no entry', text(value as BtfValue));
    return;
  }
  const have = map.facts.perCpu ? (found as BtfValue[]).reduce(sum) : found;
  // Through the bytes and back, so that 10.0.0.1 and its hexadecimal form are the same.
  const want = decodeBtf(map.facts.value, encodeBtf(map.facts.value, value as BtfInput, at));
  if (!covers(have, want, value)) differ(at, text(have), text(value as BtfValue));
}

function covers(have: BtfValue, want: BtfValue, given: unknown): boolean {
  if (isRecord(want) && isRecord(have) && isRecord(given))
    return Object.keys(given).every((name) =>
      covers(have[name] as BtfValue, want[name] as BtfValue, given[name]),
    );
  return text(have) === text(want);
}

function sum(a: BtfValue, b: BtfValue): BtfValue {
  if (isRecord(a) && isRecord(b))
    return Object.fromEntries(
      Object.keys(a).map((name) => [name, sum(a[name] as BtfValue, b[name] as BtfValue)]),
    );
  if (typeof a === 'bigint' && typeof b === 'bigint') return a + b;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  // Bytes and addresses: those of the CPU that wrote any.
  return typeof a === 'string' && /^[0.]*$/.test(a) ? b : a;
}

const isRecord = (value: unknown): value is Record<string, BtfValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: BtfValue): string =>
  JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? item.toString() : item)).replace(
    /"(-?\d+)"/g,
    '$1',
  );

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function bytesOf(digits: string): Uint8Array {
  const plain = digits.replace(/\s+/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(plain))
    throw new RingbedError('invalid', `"${digits.slice(0, 40)}" is not hexadecimal`);
  return Uint8Array.from(Buffer.from(plain, 'hex'));
}
