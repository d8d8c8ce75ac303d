// The bundled classifier in the kernel: the same test files as in the VM, and VM, JIT and kernel on the same
// random frames.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BpfObject, readTestFile, runClassifier, runTestFile } from '../../src/index.js';
import { compileBpf } from '../support/bpf.js';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'test/conformance/classifier');
const reason = whyNot();
if (reason !== undefined && process.env.REQUIRE_LIVE === '1')
  throw new Error(`REQUIRE_LIVE=1, but ${reason}`);

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'ringbed-bpf-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function whyNot(): string | undefined {
  try {
    BpfObject.open('classifier.bpf.o', { in: 'kernel' }).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe.skipIf(reason !== undefined)(
  `the classifier in the kernel${reason ? ` (skipped: ${reason})` : ''}`,
  () => {
    it.each(readdirSync(folder))('conformance: %s', (name) => {
      for (const outcome of runTestFile(readTestFile(join(folder, name)), 'kernel'))
        expect(outcome, outcome.description).toMatchObject({ ok: true, problems: [] });
    });

    it('VM and kernel agree on random frames', async () => {
      const stages = ['parse', 'multicast', 'port', 'connection', 'nanonet'];
      const run = await runClassifier('classifier.bpf.o', {
        random: 20_000,
        seed: 3n,
        stages,
        in: ['vm', 'kernel'],
      });
      expect(run).toMatchObject({ frames: 20_000n, mismatches: 0n, first: null, faults: 0n });
    });

    it('typed entries of a map in the kernel', () => {
      using object = BpfObject.open('classifier.bpf.o', { in: 'kernel' });
      const groups = object.map('ringbed_groups');
      groups.set({ address: '239.1.1.1' }, 7n);
      expect(groups.get({ address: '239.1.1.1' })).toBe(7n);
      expect([...groups.entries()]).toHaveLength(1);
      expect(() => groups.set({ address: '239.1.1.1' }, 1, 'new')).toThrow(/there already/);
      expect(object.program('parse').facts.verified).toBeGreaterThan(100);
    });

    it.each(['vm', 'kernel'] as const)('in %s global variables go by their names', (where) => {
      const path = join(temporary(), 'globals.bpf.o');
      compileBpf(join(root, 'test/data/bpf/globals.bpf.c'), path);
      using object = BpfObject.open(path, { in: where });
      expect(object.map('.rodata').get(0)).toMatchObject({ every: 3 });
      expect(object.map('.data').get(0)).toEqual({ step: 1n, hop: '1.2.3.4' });
      object.map('.data').set(0, { step: 5n, hop: '10.1.2.3' });
      for (let turn = 0; turn < 4; turn++) object.program('globals').testRun(Buffer.alloc(60));
      expect(object.map('.bss').get(0)).toMatchObject({ seen: 20n, thirds: 1 });
      expect(object.map('.data').get(0)).toEqual({ step: 5n, hop: '10.1.2.3' });
    });

    it.each(['vm', 'kernel'] as const)('in %s nobody does with a map what its flags forbid', (where) => {
      const path = join(temporary(), 'permissions.bpf.o');
      compileBpf(join(root, 'test/data/bpf/permissions.bpf.c'), path);
      using object = BpfObject.open(path, { in: where });
      const [counted, steps] = [object.map('counted'), object.map('steps')];
      steps.set(0, 5n);
      object.program('permissions').testRun(Buffer.alloc(60));
      expect(counted.get(0)).toBe(5n);
      expect([...counted.entries()]).toEqual([[0, 5n]]);
      for (const forbidden of [
        () => counted.set(0, 1n),
        () => counted.delete(0),
        () => steps.get(0),
        () => [...steps.entries()],
      ])
        expect(forbidden).toThrow(/not permitted|EPERM/);
    });
  },
);
