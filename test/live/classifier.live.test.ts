// Classifiers in the kernel: the bundled stages in front of the device of a veth world, swapped while frames
// flow, and loaded on an interface by command. Counts only: nothing depends on how fast the machine is.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledObject } from '../../src/scenario/index.js';
import { ringbed, start, until } from '../e2e/cli.js';
import { Namespace, whyNoNamespaces } from '../support/namespaces.js';

const missing =
  whyNoNamespaces(['ip', 'unshare', 'nsenter']) ??
  (bundledObject('classifier.bpf.o') === undefined ? 'clang for BPF is not installed' : undefined) ??
  (existsSync('/usr/include/bpf/libbpf.h') ? undefined : 'libbpf-dev is not installed');
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of classifiers skipped: ${missing}`);
}

interface Stage {
  slot: number;
  name: string;
  hits: number;
  misses: number;
  verdicts: Record<string, number>;
}
interface Report {
  conserved: boolean;
  packets: Record<string, number>;
  drops: { stage: string; reason: string; count: number }[];
  streams: { name: string; offered: number; received: number }[];
  classifier: {
    executor: string;
    frames: number;
    verdicts: Record<string, number>;
    stages: Stage[];
    swaps?: { count: number; failed: number; error: string };
  };
}

// Three streams with three fates: the ring, the kernel, nowhere.
const scenario = (packets: string, rate: string, more = '') => `
name: fates
seed: 7
${packets}
link: { rate: 10Gbps }
nic: { rxDescriptors: 8192, txDescriptors: 8192, multicastFilter: promiscuous }
traffic:
  - { name: device, to: 239.1.1.1:8080, rate: ${rate} }
  - { name: kernel, to: 239.1.1.1:53, rate: ${rate} }
  - { name: nowhere, to: 239.9.9.9:8080, rate: ${rate} }
classifier: { object: classifier.bpf.o, stages: [parse, multicast, port]${more} }
device: { target: 239.1.1.1:8080, respondTo: 10.0.0.1:9999, pool: { size: 4096 } }
`;

describe.skipIf(missing !== undefined)('a classifier on veth', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringbed-live-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(text: string, on: string): Report {
    const file = join(folder, 'fates.yaml');
    writeFileSync(file, text);
    const { status, stdout, stderr } = ringbed(['run', file, '--on', on, '--json', '--quiet']);
    if (status !== 0) throw new Error(`status ${status}: ${stderr}${stdout}`);
    return JSON.parse(stdout);
  }
  const received = (report: Report) =>
    Object.fromEntries(report.streams.map((stream) => [stream.name, stream.received]));

  it('gives every frame the fate that the simulator gives it', () => {
    const text = scenario('packets: 3000', '2kpps');
    const [live, sim] = [run(text, 'veth'), run(text, 'sim')];
    expect(live.conserved).toBe(true);
    expect(live.classifier.executor).toBe('kernel');
    expect(live.packets).toEqual(sim.packets);
    expect(live.drops).toEqual(sim.drops);
    expect(live.classifier.frames).toBe(3000);
    expect(live.classifier.verdicts).toEqual(sim.classifier.verdicts);
    const counts = ({ classifier }: Report) =>
      classifier.stages.map(({ slot, name, hits, misses, verdicts }) => ({
        slot,
        name,
        hits,
        misses,
        verdicts,
      }));
    expect(counts(live)).toEqual(counts(sim));
  });

  it('loses and misroutes nothing while it is swapped 200 times', () => {
    const live = run(scenario('duration: 40s', '20kpps', ', swaps: 200'), 'veth');
    expect(live.conserved).toBe(true);
    expect(live.classifier.swaps).toMatchObject({ count: 200, failed: 0, error: '' });
    const fates = live.drops.filter(({ stage }) => stage === 'classifier');
    const [device, kernel, nowhere] = live.streams.map((stream) => stream.offered);
    // What a full ring dropped on a machine that stood still has reached the device's side all the same.
    const full = live.drops
      .filter(({ stage }) => stage === 'rx_ring')
      .reduce((sum, drop) => sum + drop.count, 0);
    const link = live.drops
      .filter(({ stage }) => stage === 'link')
      .reduce((sum, drop) => sum + drop.count, 0);
    expect(link).toBe(0);
    expect(received(live)).toEqual({ device: (device ?? 0) - full, kernel: 0, nowhere: 0 });
    expect(live.packets.bypassed).toBe(kernel);
    expect(fates).toEqual([{ stage: 'classifier', reason: 'classifier_drop', count: nowhere }]);
    expect(live.classifier.stages.map(({ misses }) => misses)).toEqual([0, 0, 0, 0]);
  }, 150_000);

  it('explains a program that the verifier refuses', () => {
    const bad = join(folder, 'bad.bpf.o');
    const source = new URL('../data/bpf/bad/value_may_be_null.bpf.c', import.meta.url).pathname;
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
    execFileSync('clang', [
      ...['-O2', '-g', '-target', 'bpf', `-I/usr/include/${machine}-linux-gnu`, '-c', source, '-o', bad],
    ]);
    const { status, stderr } = ringbed(['classifier', 'load', bad, '--on', 'lo']);
    expect(status).toBe(2);
    expect(stderr).toContain('value_may_be_null.bpf.c:17: *value += 1;');
    expect(stderr).toContain('may return NULL');
    rmSync(/whole log: ([^)]+)\)/.exec(stderr)?.[1] ?? '', { force: true });
  });
});

describe.skipIf(missing !== undefined)('a classifier loaded by command', () => {
  const space = new Namespace();
  let there = '';
  beforeAll(async () => {
    await space.start();
    space.run('ip', 'link', 'add', 'rbc0', 'type', 'veth', 'peer', 'name', 'rbc1');
    for (const name of ['rbc0', 'rbc1']) space.run('ip', 'link', 'set', name, 'up');
    there = `rbc0@/proc/${space.pid}/ns/net`;
  });
  afterAll(() => space.stop());

  const attached = () =>
    execFileSync('nsenter', ['-t', String(space.pid), '-n', 'ip', '-d', 'link', 'show', 'rbc0'], {
      encoding: 'utf8',
    });
  const stages = ['--stages', 'parse,port'];

  for (const mode of ['native', 'generic']) {
    it(`stays on the interface until it is unloaded (${mode})`, async () => {
      const loader = start([
        'classifier',
        'load',
        'classifier.bpf.o',
        ...stages,
        '--on',
        there,
        '--mode',
        mode,
      ]);
      await until(() => loader.stderr().includes('Ctrl-C takes it off'));
      expect(attached()).toMatch(/prog\/xdp/);
      const swapped = ringbed([
        'classifier',
        'swap',
        'classifier.bpf.o',
        '--stages',
        'parse,limit,port',
        '--on',
        there,
      ]);
      expect(swapped.stderr).toBe('');
      expect(
        ringbed([
          'classifier',
          'swap',
          'classifier.bpf.o',
          '--slot',
          '1',
          '--program',
          'sample',
          '--on',
          there,
        ]).status,
      ).toBe(0);
      const refused = ringbed([
        'classifier',
        'swap',
        'classifier.bpf.o',
        '--stages',
        'parse,nonsense',
        '--on',
        there,
      ]);
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain('no program nonsense');
      expect(attached()).toMatch(/prog\/xdp/);
      expect(ringbed(['classifier', 'unload', '--on', there]).status).toBe(0);
      expect((await loader.finished).status).toBe(0);
      expect(attached()).not.toMatch(/prog\/xdp/);
    });
  }

  it('leaves with its process, however that ends', async () => {
    const loader = start(['classifier', 'load', 'classifier.bpf.o', ...stages, '--on', there]);
    await until(() => loader.stderr().includes('Ctrl-C takes it off'));
    expect(attached()).toMatch(/prog\/xdp/);
    loader.kill();
    await loader.finished;
    await expect.poll(attached).not.toMatch(/prog\/xdp/);
    expect(ringbed(['classifier', 'unload', '--on', there]).status).toBe(2);
  });
});
