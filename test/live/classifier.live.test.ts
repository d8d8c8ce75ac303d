// Classifiers in the kernel: the bundled stages in front of the device of a veth world, swapped while frames
// flow, and loaded on an interface by command. Counts only: nothing depends on how fast the machine is.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main, ringbed, root, folder as scratch, start, until } from '../e2e/cli.js';
import { compileBpf, whyNoBpfCompiler } from '../support/bpf.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing =
  whyNoNamespaces(['ip', 'unshare', 'nsenter']) ??
  whyNoBpfCompiler() ??
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
  notes: string[];
  verdicts: string;
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

/** An object of test/data/bpf/. */
function compiledBpf(name: string): string {
  const object = join(scratch(), `${name.replace('/', '-')}.bpf.o`);
  compileBpf(new URL(`../data/bpf/${name}.bpf.c`, import.meta.url).pathname, object);
  return object;
}

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

  const dropped = ({ drops }: Report, where: string) =>
    drops.filter(({ stage }) => stage === where).reduce((sum, drop) => sum + drop.count, 0);

  /** Every frame came to its stream's fate. A full ring on a machine that stood still is no wrong fate. */
  function expectFates(live: Report) {
    expect(live.conserved).toBe(true);
    expect(dropped(live, 'link')).toBe(0);
    const [device, kernel, nowhere] = live.streams.map((stream) => stream.offered);
    expect(received(live)).toEqual({
      device: (device ?? 0) - dropped(live, 'rx_ring'),
      kernel: 0,
      nowhere: 0,
    });
    expect(live.packets.bypassed).toBe(kernel);
    const fates = live.drops.filter(({ stage }) => stage === 'classifier');
    expect(fates).toEqual([{ stage: 'classifier', reason: 'classifier_drop', count: nowhere }]);
    expect(live.classifier.stages.map(({ misses }) => misses)).toEqual(live.classifier.stages.map(() => 0));
  }

  // The fastest generator at the highest of these rates (a stream) that the machine carries without a full ring.
  it('loses and misroutes nothing while it is swapped 200 times, as fast as frames come', () => {
    const rates = ['200kpps', '100kpps', '50kpps', '20kpps'];
    const fast = (length: string, rate: string, more = '') =>
      run(`${scenario(length, rate, more)}generator: { engine: kernel }\n`, 'veth');
    const rate = rates.find((each) => dropped(fast('duration: 1s', each), 'rx_ring') === 0) ?? '10kpps';
    const live = fast('duration: 40s', rate, ', swaps: 200');
    expect(live.classifier.swaps).toMatchObject({ count: 200, failed: 0, error: '' });
    expectFates(live);
  }, 200_000);

  it('accounts for what an object that counts nothing does with frames, across swaps', () => {
    const object = compiledBpf('uncounted');
    const own = (length: string, more: string) =>
      scenario(length, '5kpps').replace(
        /^classifier: .*$/m,
        `classifier: { object: ${object}, program: uncounted${more} }`,
      );
    const live = run(own('duration: 2s', ', swaps: 5'), 'veth');
    expectFates(live);
    expect(live.classifier.swaps).toMatchObject({ count: 5, failed: 0 });
    const total = live.streams.reduce((sum, { offered }) => sum + offered, 0);
    expect(live.classifier).toMatchObject({ frames: total, stages: [{ name: 'uncounted', hits: total }] });
  }, 60_000);

  it('says when the run was over before its swaps', () => {
    const live = run(scenario('duration: 500ms', '1kpps', ', swaps: 1000, swapEvery: 100ms'), 'veth');
    const done = live.classifier.swaps?.count;
    expect(live.notes).toContainEqual(
      expect.stringMatching(`the run was over after ${done} of 1000 swaps .*classifier.swapEvery shorter`),
    );
  });

  it("runs stages in somebody else's slots as the simulator does", () => {
    const text = scenario('packets: 3000', '2kpps').replace(
      /^classifier: .*$/m,
      `classifier: { object: ${compiledBpf('uncounted')}, program: uncounted, stages: { 0: lose, 40: deliver } }`,
    );
    const [live, sim] = [run(text, 'veth'), run(text, 'sim')];
    expectFates(live);
    expect(live.packets).toEqual(sim.packets);
    expect(live.classifier.verdicts).toEqual(sim.classifier.verdicts);
    const rows = ({ classifier }: Report) =>
      classifier.stages.map(({ name, hits, verdicts }) => ({ name, hits, verdicts }));
    expect(rows(live)).toEqual(rows(sim));
    const lost = run(text.replace(', 40: deliver', ''), 'veth');
    expect(received(lost)).toEqual({ device: 0, kernel: 0, nowhere: 0 });
  });

  // What is edited cannot be known again by its bytes: by what the edit leaves, or not at all.
  it.each([
    ['translate', 'promiscuous'],
    ['stamp', 'promiscuous'],
    ['readdress', 'exact'], // a NIC has looked at the address before
    ['overwrite', 'promiscuous'],
  ])('knows frames again that "%s" edited', (program, filter) => {
    const stream = (name: string, to: string) =>
      `  - { name: ${name}, to: '${to}', rate: 3kpps, payload: { kind: nanonet.market_data, price: { uniform: [9900, 10100] } } }`;
    const text = `
name: edits
seed: 11
packets: 3000
link: { rate: 10Gbps }
nic: { rxDescriptors: 8192, txDescriptors: 8192, multicastFilter: ${filter} }
traffic:
${stream('direct', '239.1.1.1:8080')}
${stream('mapped', '239.1.1.1:9000')}
classifier: { object: ${compiledBpf('rewrites')}, program: ${program} }
device: { target: 239.1.1.1:8080, respondTo: 10.0.0.1:9999, pool: { size: 4096 } }
`;
    const [live, sim] = [run(text, 'veth'), run(text, 'sim')];
    expect(live.conserved).toBe(true);
    expect(live.packets).toEqual(sim.packets);
    expect(live.drops).toEqual(sim.drops);
    expect(live.classifier.verdicts).toEqual(sim.classifier.verdicts);
    const unknown = live.notes.filter((note) => note.includes('tell who sent them'));
    if (program === 'overwrite') {
      expect(unknown).toEqual([expect.stringContaining('changed 3000 frames')]);
      return;
    }
    expect(unknown).toEqual([]);
    expect(received(live)).toEqual(received(sim));
    expect(live.verdicts).toBe(sim.verdicts);
  });

  // Stages that come back, redirections that lead nowhere: each frame once in the books.
  it.each([
    ['comeback', 'comeback', 'promiscuous'],
    ['comeback', 'nowhere', 'promiscuous'],
    ['comeback', 'either', 'exact'], // what a NIC would refuse comes through the ring here
    ['unsaid', 'unsaid', 'promiscuous'],
  ])('books every frame once with %s: %s', (object, program, filter) => {
    const text = scenario('packets: 1000', '1kpps')
      .replace(/^classifier: .*$/m, `classifier: { object: ${compiledBpf(object)}, program: ${program} }`)
      .replace('multicastFilter: promiscuous', `multicastFilter: ${filter}`)
      .replaceAll(
        /rate: 1kpps/g,
        'rate: 1kpps, payload: { kind: nanonet.market_data, price: { uniform: [9900, 10100] } }',
      );
    const [live, sim] = [run(text, 'veth'), run(text, 'sim')];
    expect(live.conserved).toBe(true);
    expect(live.packets).toEqual(sim.packets);
    expect(live.drops).toEqual(sim.drops);
  });

  it('explains a program that the verifier refuses', () => {
    const bad = compiledBpf('bad/value_may_be_null');
    const { status, stderr } = ringbed(['classifier', 'load', bad, '--on', 'lo']);
    expect(status).toBe(2);
    expect(stderr).toContain('value_may_be_null.bpf.c:17: *value += 1;');
    expect(stderr).toContain('may return NULL');
    rmSync(/whole log: ([^)]+)\)/.exec(stderr)?.[1] ?? '', { force: true });
  });
});

describe.skipIf(missing !== undefined)('a classifier on interfaces that the user names', () => {
  const space = new Namespace();
  beforeAll(async () => {
    await space.start();
    pair(space, 'left', 'right');
  });
  afterAll(() => space.stop());

  it('gives every frame the fate that the simulator gives it', () => {
    const file = join(scratch(), 'fates.yaml');
    writeFileSync(file, scenario('packets: 3000', '2kpps'));
    const net = `--net=/proc/${space.pid}/ns/net`;
    const options = ['--json', '--quiet'];
    const command = [net, process.execPath, main, 'run', file, '--on', 'nic:left,right', ...options];
    const live: Report = JSON.parse(execFileSync('nsenter', command, { cwd: root, encoding: 'utf8' }));
    const sim: Report = JSON.parse(ringbed(['run', file, ...options]).stdout);
    expect(live.conserved).toBe(true);
    expect(live.packets).toEqual(sim.packets);
    expect(live.drops).toEqual(sim.drops);
    expect(live.classifier.verdicts).toEqual(sim.classifier.verdicts);
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
        '--json',
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
      const { status, stdout } = await loader.finished;
      expect(status).toBe(0);
      // What it counted is there after it left.
      const { entry, stages: counted } = JSON.parse(stdout);
      expect(entry).toBe('classifier');
      expect(counted.map(({ name }: Stage) => name)).toEqual(['parse', 'sample', 'port', 'classifier']);
      expect(attached()).not.toMatch(/prog\/xdp/);
    });
  }

  it('counts what an object without counters returns, and names the entry that a swap brought', async () => {
    const object = compiledBpf('uncounted');
    const on = ['--on', there];
    const loader = start(['classifier', 'load', object, '--program', 'uncounted', ...on, '--json']);
    await until(() => loader.stderr().includes('uncounted is on'));
    const sent = 50;
    space.run('ip', 'addr', 'replace', '10.77.0.1/24', 'dev', 'rbc1');
    space.run('ip', 'neigh', 'replace', '10.77.0.2', 'lladdr', '02:00:00:00:00:09', 'dev', 'rbc1');
    space.run(...['bash', '-c', `for i in {1..${sent}}; do echo > /dev/udp/10.77.0.2/9; done`]);
    expect(ringbed(['classifier', 'swap', object, '--program', 'deliver', ...on]).status).toBe(0);
    expect(ringbed(['classifier', 'unload', ...on]).status).toBe(0);
    const { entry, stages: counted } = JSON.parse((await loader.finished).stdout);
    expect(entry).toBe('deliver');
    expect(counted).toHaveLength(1);
    expect(counted[0].name).toBe('deliver');
    expect(counted[0].hits).toBeGreaterThanOrEqual(sent);
    expect(counted[0].verdicts.XDP_DROP).toBeGreaterThanOrEqual(sent);
  });

  it('swaps a section that does not say its type for what is there: TC, and counts its verdicts', async () => {
    const source = join(scratch(), 'odd.c');
    const odd = 'int odd(unsigned *length) { return *length & 1 ? -1 : 0; }';
    writeFileSync(source, `__attribute__((section("filter"), used)) ${odd}\n`);
    compileBpf(source, `${source}.o`);
    const loader = start(['classifier', 'load', `${source}.o`, '--on', there, '--mode', 'tcx', '--json']);
    await until(() => loader.stderr().includes('odd is on'));
    const [even, uneven] = ['a', 'ab'].map((text) => `echo -n ${text} > /dev/udp/10.77.0.2/9`);
    space.run('ip', 'addr', 'replace', '10.77.0.1/24', 'dev', 'rbc1');
    space.run('ip', 'neigh', 'replace', '10.77.0.2', 'lladdr', '02:00:00:00:00:09', 'dev', 'rbc1');
    space.run(...['bash', '-c', `for i in {1..20}; do ${even}; ${uneven}; done`]);
    expect(ringbed(['classifier', 'swap', `${source}.o`, '--on', there])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(ringbed(['classifier', 'unload', '--on', there]).status).toBe(0);
    const { status, stdout } = await loader.finished;
    expect(status).toBe(0);
    const { hits, verdicts } = JSON.parse(stdout).stages[0];
    expect(verdicts.TC_ACT_OK).toBeGreaterThanOrEqual(20);
    expect(verdicts.TC_ACT_UNSPEC).toBeGreaterThanOrEqual(20);
    expect(hits).toBe(verdicts.TC_ACT_OK + verdicts.TC_ACT_UNSPEC);
  });

  it('is left alone by another that would take its place', async () => {
    const source = join(scratch(), 'first.c');
    writeFileSync(source, '__attribute__((section("tc"), used)) int first(void *ctx) { return 0; }\n');
    compileBpf(source, `${source}.o`);
    const load = ['classifier', 'load', `${source}.o`, '--on', there, '--mode', 'tc'];
    const loader = start(load);
    await until(() => loader.stderr().includes('first is on'));
    const filters = () =>
      execFileSync(
        'nsenter',
        ['-t', String(space.pid), '-n', 'tc', 'filter', 'show', 'dev', 'rbc0', 'ingress'],
        {
          encoding: 'utf8',
        },
      );
    const before = filters();
    expect(before).toContain('first');
    const second = ringbed(load);
    expect(second.status).toBe(2);
    expect(second.stderr).toMatch(/^ringbed: another ringbed has a classifier there/);
    expect(filters()).toBe(before);
    expect(ringbed(['classifier', 'unload', '--on', there]).status).toBe(0);
    expect((await loader.finished).status).toBe(0);
    expect(filters()).toBe('');
  });

  it('stays when it is pinned, and has one stage replaced there', () => {
    const files = join(scratch(), 'bpf');
    mkdirSync(files);
    execFileSync('mount', ['-t', 'bpf', 'bpf', files]);
    const pin = join(files, 'pinned');
    try {
      const load = ['classifier', 'load', 'classifier.bpf.o', ...stages, '--on', there, '--pin', pin];
      expect(ringbed(load)).toMatchObject({ status: 0 });
      const program = () => /prog\/xdp id (\d+)/.exec(attached())?.[1];
      const swap = (...words: string[]) =>
        ringbed(['classifier', 'swap', 'classifier.bpf.o', ...words, '--pin', pin]);
      const generations = [program()];
      const works = ['--slot 1 --program sample', '--slot 1 --program limit', '--stages parse'];
      for (const words of works) {
        expect(swap(...words.split(' '))).toMatchObject({ status: 0, stderr: '' });
        generations.push(program());
      }
      expect(generations).not.toContain(undefined);
      expect(new Set(generations).size).toBe(4);
      expect(swap('--slot', '1', '--program', 'limit').stderr).toMatch(/no stage 1: the classifier has 1/);
      expect(ringbed(['classifier', 'unload', '--pin', pin])).toMatchObject({ status: 0, stderr: '' });
      expect(existsSync(pin)).toBe(false);
    } finally {
      execFileSync('umount', [files]); // what is pinned there goes with it
    }
    expect(attached()).not.toMatch(/prog\/xdp/);
  });

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
