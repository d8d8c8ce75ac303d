// The bundled classifier through the public interface, in the VM: programs, typed maps, events, test files.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BpfObject, describeObject, readTestFile, runClassifier, runTestFile } from '../../../src/index.js';
import { compileBpf, whyNoBpfCompiler } from '../../support/bpf.js';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'test/conformance/classifier');
// 10.0.0.1:40001 > 10.0.0.2:8080, UDP, four bytes of payload, padded.
const headers =
  '02000a00000202000a0000010800' + '450000200001000040110000' + '0a0000010a000002' + '9c411f90000c0000';
const frame = Uint8Array.from(Buffer.from(headers.padEnd(120, '0'), 'hex'));
const scratch = mkdtempSync(join(tmpdir(), 'ringbed-classifier-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('the bundled classifier in the VM', () => {
  it('says what is in it without being made real', () => {
    const facts = describeObject('classifier.bpf.o', { stages: ['parse', 'port'] });
    expect(facts.entry).toBe('classifier');
    expect(facts.stages).toEqual(['parse', 'port']);
    expect(facts.programs.map(({ name }) => name)).toContain('nanonet');
    expect(facts.maps.find(({ name }) => name === 'ringbed_stages')).toMatchObject({
      type: 'percpu_array',
      valueBytes: 64,
    });
  });

  it('runs a frame through its stages and counts it', () => {
    using object = BpfObject.open('classifier.bpf.o', { stages: ['parse'] });
    object.map('ringbed_config').set(0, { stages: 1 });
    const run = object.program().testRun(frame);
    expect(run).toMatchObject({ name: 'XDP_PASS', fault: '', frame });
    expect(object.map('ringbed_frame').get(0)).toContainEqual(
      expect.objectContaining({ source_port: 40_001 }),
    );
    const hits = object.map('ringbed_stages').get(0) as unknown as { hits: bigint }[];
    expect(hits.reduce((sum, cpu) => sum + cpu.hits, 0n)).toBe(1n);
  });

  it.each([0, -5, 1.5, Number.NaN, 2 ** 32, 'x' as unknown as number])(
    'refuses a map of %s entries, before native code sees it',
    (size) => {
      const open = () => BpfObject.open('classifier.bpf.o', { maps: { ringbed_groups: size } });
      expect(open).toThrow(/^maps\.ringbed_groups: .*expected a whole number from 1 to 4294967295/);
    },
  );

  it('refuses what is more than memory holds, and what is no file', () => {
    const open = () => BpfObject.open('classifier.bpf.o', { maps: { ringbed_groups: 4_000_000_000 } });
    expect(open).toThrow(/map ringbed_groups.*too large/);
    expect(() => BpfObject.open('/tmp')).toThrow(/\/tmp cannot be read: Is a directory/);
  });

  it('refuses fewer than no random frames', async () => {
    await expect(runClassifier('classifier.bpf.o', { random: -1 })).rejects.toThrow(/^random: -1; expected/);
  });

  it('typed entries: set, get, delete, walk', () => {
    using object = BpfObject.open('classifier.bpf.o');
    const groups = object.map('ringbed_groups');
    groups.set({ address: '239.1.1.1' }, 7n, 'new');
    groups.set({ address: 'ff02::1' }, 8n);
    expect(groups.get({ address: '239.1.1.1' })).toBe(7n);
    expect([...groups.entries()]).toHaveLength(2);
    expect(() => groups.set({ address: '239.1.1.1' }, 1, 'new')).toThrow(/there already/);
    expect(groups.delete({ address: '239.1.1.1' })).toBe(true);
    expect(groups.delete({ address: '239.1.1.1' })).toBe(false);
    expect(groups.get({ address: '239.1.1.1' })).toBeUndefined();
    expect(() => object.map('nope')).toThrow(/no map nope/);
  });

  it('batches: update, look up in parts, delete, take', () => {
    using object = BpfObject.open('classifier.bpf.o');
    const groups = object.map('ringbed_groups');
    const given = Array.from({ length: 40 }, (_, i) => [{ address: `239.1.1.${i}` }, BigInt(i)] as const);
    groups.updateBatch(given);
    const found: unknown[] = [];
    let cursor: Uint8Array | undefined;
    do {
      const batch = groups.lookupBatch(16, cursor);
      expect(batch.entries.length).toBeLessThanOrEqual(16);
      found.push(...batch.entries.map(([, value]) => value));
      cursor = batch.cursor;
    } while (cursor !== undefined);
    expect(found.toSorted()).toEqual(given.map(([, value]) => value).toSorted());
    groups.deleteBatch(given.slice(0, 10).map(([key]) => key));
    expect(() => groups.deleteBatch([given[20]?.[0] ?? 0, given[3]?.[0] ?? 0])).toThrow(
      /deleteBatch: entry 1 of 2: no such entry/,
    );
    expect(groups.lookupAndDeleteBatch(1000)).toMatchObject({ entries: { length: 29 }, cursor: undefined });
    expect(groups.lookupBatch(1)).toEqual({ entries: [], cursor: undefined });
  });

  it('batches that a kind has not, or that make no sense, are refused', () => {
    using object = BpfObject.open('classifier.bpf.o');
    const stages = object.map('ringbed_config');
    expect(stages.lookupBatch(10).entries.length).toBe(Math.min(stages.facts.maxEntries, 10));
    expect(() => stages.deleteBatch([0])).toThrow(/this kind of map does not do that/);
    expect(() => stages.lookupAndDeleteBatch(1)).toThrow(/this kind of map does not do that/);
    expect(() => stages.lookupBatch(0)).toThrow(/count is 0/);
    expect(() => stages.lookupBatch(1, new Uint8Array(3))).toThrow(/cursor has 3 bytes, not 4/);
  });

  it('events of a ringbuf as they come', async () => {
    using object = BpfObject.open('classifier.bpf.o', { stages: ['sample'] });
    object.map('ringbed_config').set(0, { stages: 1, sample_every: 1 });
    const stop = new AbortController();
    const seen: number[] = [];
    setTimeout(() => object.program().testRun(frame), 5);
    for await (const event of object.map('ringbed_samples').events({ signal: stop.signal, intervalMs: 1 })) {
      seen.push(event.length);
      stop.abort();
    }
    expect(seen).toEqual([80]);
  });

  it('random frames end in verdicts, the same for the same seed', async () => {
    const options = { random: 2000, seed: 9n, stages: ['parse', 'connection', 'nanonet'] };
    const run = await runClassifier('classifier.bpf.o', options);
    expect(run).toMatchObject({
      program: 'classifier',
      frames: 2000n,
      mismatches: 0n,
      first: null,
      faults: 0n,
    });
    expect(await runClassifier('classifier.bpf.o', options)).toEqual(run);
  });

  it.each(readdirSync(folder))('conformance: %s', (name) => {
    for (const outcome of runTestFile(readTestFile(join(folder, name)), 'vm'))
      expect(outcome, outcome.description).toMatchObject({ ok: true, problems: [] });
  });

  it('a test that does not hold says what differs', () => {
    const path = join(scratch, 'wrong.yaml');
    writeFileSync(
      path,
      `object: classifier.bpf.o\ntests:\n - { description: d, frame: "${Buffer.from(frame).toString('hex')}", verdict: XDP_TX, maps: [{ map: ringbed_stages, key: 33, value: { hits: 2 } }] }`,
    );
    const [outcome] = runTestFile(readTestFile(path), 'vm');
    expect(outcome?.ok).toBe(false);
    expect(outcome?.problems.join('\n')).toMatch(
      /verdict: XDP_PASS, expected XDP_TX\nmap ringbed_stages\[33\]/,
    );
  });
});

it('a missing object is an error that says so', () => {
  expect(() => BpfObject.open('nowhere/x.o')).toThrow(/cannot be read/);
});

describe.skipIf(whyNoBpfCompiler() !== undefined)("an object of one's own in the VM", () => {
  it('unions, members without a name, enumerators by name', () => {
    const path = join(scratch, 'unions.bpf.o');
    compileBpf(join(root, 'test/data/bpf/unions.bpf.c'), path);
    using object = BpfObject.open(path);
    const peers = object.map('peers');
    peers.set(1, { phase: 'BUSY', v4: '2.1.0.0', count: { each: '0003000000000000' } });
    expect(object.program().testRun(frame)).toMatchObject({ name: 'XDP_PASS' });
    const value = {
      phase: 7,
      v4: '2.1.0.0',
      low: 0x0102,
      high: 0,
      count: { all: 0x300n, each: '0003000000000000' },
    };
    expect(peers.get(1)).toEqual(value);
    peers.set(0, value);
    expect(peers.get(0)).toEqual(value);
    expect(() => peers.set(0, { v4: '2.1.0.0', low: 3 })).toThrow(/low: 0300; .*another member says/);
  });
});
