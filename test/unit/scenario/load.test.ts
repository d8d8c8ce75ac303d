// Loading: --set, --costs, --seed and --on, explanations, digests, the golden scenarios.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatFault, RingbedError } from '../../../src/errors/index.js';
import { encodePlan, formatCostsFile, loadScenarioFile, planDigest } from '../../../src/scenario/index.js';
import { faultsOf, parse, planOf, ten } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'ringbed-load-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('a file', () => {
  it('that is not UTF-8 is refused, not read as something else', () => {
    const path = join(directory, 'latin.yaml');
    writeFileSync(path, Buffer.from('name: "\xe9t\xe9"\ntraffic: [{ to: 10.0.0.2:1 }]\n', 'latin1'));
    expect(() => loadScenarioFile(path)).toThrow(/latin\.yaml" is not UTF-8 text/);
  });
});

describe('--set', () => {
  const base = `${ten}\nduration: 1s\ndevice: { pool: { size: 256 } }\nslo: { latency.p99: "< 10us" }`;

  it.each([
    [['device.pool.size=512'], { device: { pool: { size: 512, kind: 'fifo' } } }],
    [
      ['device.pool={ size: 7, kind: ring }'],
      { device: { pool: { size: 7, kind: 'ring', bufferBytes: 1500 } } },
    ],
    [['traffic[0].rate=5kpps'], { traffic: [{ rate: { kind: 'CONSTANT', rate: 5000 } }] }],
    [['traffic.0.rate=5kpps'], { traffic: [{ rate: { kind: 'CONSTANT', rate: 5000 } }] }],
    [['traffic.feed.rate={ poisson: 5kpps }'], { traffic: [{ rate: { kind: 'POISSON', rate: 5000 } }] }],
    [
      ['traffic.feed.payload.price={ uniform: [1, 2] }'],
      { traffic: [{ payload: { kind: 'nanonet.market_data' } }] },
    ],
    [
      ['traffic.1={ to: 10.0.0.2:1, name: more }', 'traffic.more.flows=7'],
      { traffic: [{ name: 'feed' }, { name: 'more', flows: 7 }] },
    ],
    [
      ['traffic.feed.fields.ipv4.ttl=9'],
      { traffic: [{ fields: [{ field: 'ipv4.ttl', values: [{ number: 9 }] }] }] },
    ],
    [['slo.latency.p99=< 5us'], { slo: [{ metric: 'latency.response.p99', limit: 5000 }] }],
    [['slo.drops=0'], { slo: [{ metric: 'latency.response.p99' }, { metric: 'drops' }] }],
    [['nic.rxDescriptors=4096', 'nic.rxDescriptors=64'], { nic: { rxDescriptors: 64 } }],
    [['core.noise.length.exponential=5us'], { core: { noise: { length: { kind: 'EXPONENTIAL' } } } }],
    [['packets=5'], { packets: 5, durationNs: 0 }],
    [['packets=5', 'duration=2s'], { packets: 0, durationNs: 2_000_000_000 }],
    [['name=a=b'], { name: 'a=b' }],
    [['faults.0={ at: 1ms, linkDown: { for: 1ms } }'], { faults: [{}] }], // a list that the file has not
  ])('%j', (sets, expected) => {
    expect(planOf(base, { sets })).toMatchObject(expected);
  });

  it('addresses unnamed streams by the name that reports give them', () => {
    expect(
      planOf('traffic: [{ to: 10.0.0.2:1 }]', { sets: ['traffic.stream0.flows=3'] }).traffic[0]?.flows,
    ).toBe(3);
  });

  it.each([
    ['device.pool.sise=5', /device.pool.sise: unknown key "sise"; did you mean size\?/],
    ['devcie.pool.size=5', /devcie: unknown key "devcie"; did you mean device\?/],
    ['device.pool.size=big', /device.pool.size: "big" is not a whole number/],
    ['device.pool.size', /has no value; expected PATH=VALUE/],
    ['device.pool.size=', /the value is empty/],
    ['=5', /is no path/],
    ['device..size=5', /is no path/],
    [
      'traffic.fed.rate=5kpps',
      /the list has no item "fed"; expected an index from 0 \(it has one item\) or a name: feed; did you mean feed\?/,
    ],
    ['traffic.7.rate=5kpps', /no item "7"/],
    ['device.pool=[1', /not YAML/],
    ['duration=10GB', /duration: "10GB" is a size/],
    [
      'traffic.feed.rate.poison=1kpps',
      /traffic.feed.rate.poison: unknown key "poison"; did you mean poisson\?/,
    ],
  ])('%s', (set, says) => {
    const faults = faultsOf(base, { sets: [set] });
    expect(faults).toHaveLength(1);
    expect(formatFault(faults[0] as never)).toMatch(says);
    expect(formatFault(faults[0] as never).startsWith(`--set ${set}: `)).toBe(true);
  });

  it('a file with both packets and duration stays an error', () => {
    expect(faultsOf(`${ten}\npackets: 5\nduration: 1s`)).toHaveLength(1);
  });
});

describe('--seed and --on', () => {
  it('override the file', () => {
    const plan = planOf(`${ten}\nseed: 1\nworld: sim`, { overrides: { seed: '77', world: 'nic:eth1,eth2' } });
    expect(plan).toMatchObject({ seed: 77, world: { kind: 'NIC', interfaces: ['eth1', 'eth2'] } });
    expect(planOf(ten, { overrides: { seed: 3, world: 'veth' } })).toMatchObject({
      seed: 3,
      world: { kind: 'VETH' },
    });
  });

  it.each([
    [{ seed: 'x' }, '--seed x: seed: "x" is not a whole number; expected a seed of at least 0'],
    [
      { world: 'veht' },
      /^--on veht: world.kind: unknown word "veht"; expected one of sim, veth, nic; did you mean veth\?$/,
    ],
    [{ world: 'nic' }, /^--on nic: world: names no interface/],
    [{ world: 'sim:eth0' }, /^--on sim:eth0: world.interfaces: has no meaning for kind sim/],
  ])('%j', (overrides, says) => {
    const faults = faultsOf(ten, { overrides }).map(formatFault);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(says);
  });
});

describe('--costs', () => {
  const profile = file(
    'host.yaml',
    'profile: my-host\nhost: { cpu: "X" }\ncosts:\n  packet: 63ns\n  byte: 0.031ns\n',
  );

  it('overrides the scenario, and --set overrides it', () => {
    const text = `${ten}\ncosts: { packet: 1us, respond: 2us }`;
    const { costs } = planOf(text, { costsFile: profile });
    expect(costs).toMatchObject({ profile: 'my-host', byteFemtoseconds: 31_000 });
    expect([costs.packet.aPs, costs.respond.aPs, costs.probe.aPs]).toEqual([63_000, 2_000_000, 4_000]);
    expect(planOf(text, { costsFile: profile, sets: ['costs.packet=9ns'] }).costs.packet.aPs).toBe(9_000);
  });

  it('faults lead into the profile', () => {
    const bad = file('bad.yaml', 'profile: p\ncosts:\n  packet: 63\n  prob: 4ns\n');
    expect(faultsOf(ten, { costsFile: bad }).map(({ file: at, line, path }) => [at, line, path])).toEqual([
      [bad, 3, 'costs.packet'],
      [bad, 4, 'costs.prob'],
    ]);
    expect(() => parse(ten, { costsFile: join(directory, 'none.yaml') })).toThrow(
      /the cost profile ".*none.yaml": there is no such file/,
    );
    expect(() => parse(ten, { costsFile: file('list.yaml', '- 1') })).toThrow(
      /is a list; expected a cost profile with profile, host, costs/,
    );
    expect(() => parse(ten, { costsFile: file('none2.yaml', 'profile: p') })).toThrow(/costs: is missing/);
  });

  it('what formatCostsFile writes is read back to the femtosecond', () => {
    const text = formatCostsFile('cpu "x": 3', { cpu: 'a: b # c', kernel: '6.1' }, [
      { name: 'packet', ps: 61_234.4 },
      { name: 'byte', ps: 31.0625 },
      { name: 'txCompletion', ps: 5e6 },
    ]);
    const { costs } = planOf(ten, { costsFile: file('written.yaml', text) });
    expect(costs).toMatchObject({ profile: 'cpu "x": 3', byteFemtoseconds: 31_063 });
    expect([costs.packet.aPs, costs.txCompletion.aPs]).toEqual([61_234, 5_000_000]);
    expect(
      planOf(ten, { costsFile: file('empty.yaml', formatCostsFile('p', {}, [{ name: 'poll', ps: 1000 }])) })
        .costs.poll.aPs,
    ).toBe(1000);
  });
});

describe('explain', () => {
  const profile = file('explained.yaml', 'profile: p\ncosts:\n  packet: 63ns\n');
  const loaded = parse(`${ten}\nlink: { delay: 1us }\nnic:\n  queues: 2\n`, {
    sets: ['device.pool.size=512'],
    costsFile: profile,
    overrides: { seed: 9 },
  });
  const rows = new Map(loaded.explain().map((row) => [row.path, row]));

  it.each([
    ['traffic.feed.rate', '100kpps', 's.yaml:1:51'],
    ['link.delay', '1us', 's.yaml:2:16'],
    ['link.rate', '10Gbps', 'default'],
    ['nic.queues', '2', 's.yaml:4:11'],
    ['device.pool.size', '512', '--set device.pool.size=512'],
    ['device.pool.kind', 'fifo', 'default'],
    ['device.target', '239.1.1.1:8080', 'derived from traffic.feed.to'],
    ['device.join', '[239.1.1.1]', 'derived from device.target'],
    ['costs.packet', '63ns', `--costs ${profile}:3:11`],
    ['costs.byte', '0.05ns', 'default'],
    ['seed', '9', '--seed 9'],
    ['duration', '1s', 'default'],
  ])('%s', (path, value, origin) => {
    expect(rows.get(path)).toEqual({ path, value, origin });
  });

  it('lists every value once, in the order of the language', () => {
    expect(rows.size).toBe(loaded.explain().length);
    const tops = [...new Set([...rows.keys()].map((path) => path.split('.')[0]))];
    expect(tops.indexOf('name')).toBe(0);
    expect(tops.indexOf('link')).toBeLessThan(tops.indexOf('traffic'));
  });

  it('as a scenario of its own, every explained value means the same plan', () => {
    const sets = loaded
      .explain()
      .filter(
        ({ path }) => !path.startsWith('traffic.') && path !== 'description' && path !== 'costs.profile',
      )
      .map(({ path, value }) => `${path}=${value}`);
    const again = parse(ten, { sets: [...sets, 'costs.profile=p'] });
    expect(again.plan).toEqual(loaded.plan);
  });
});

describe('the end of a run that nobody wrote', () => {
  const bound = (traffic: string) =>
    parse(`traffic: [${traffic}]\ndevice: { target: 10.0.0.2:80 }`).plan.durationNs;
  const endless = '{ to: 10.0.0.2:80, rate: 1kpps }';

  it.each([
    ['a replay', '{ replay: { file: scenarios/data/feed.pcap } }'],
    ['a number of packets', '{ to: 10.0.0.2:80, rate: 1kpps, packets: 5000 }'],
    ['a stop', '{ to: 10.0.0.2:80, rate: 1kpps, stop: 5s }'],
  ])('comes with its streams: %s', (_, stream) => {
    expect(bound(stream)).toBe(0);
    expect(bound(`${stream}, ${stream}`)).toBe(0);
    expect(bound(`${stream}, ${endless}`)).toBe(1e9);
  });
});

describe('digest', () => {
  const digest = (text: string, options = {}) => parse(text, options).digest;

  it('is SHA-256 and depends on every part of traffic, network, device and costs', () => {
    const reference = digest(ten);
    expect(reference).toMatch(/^[0-9a-f]{64}$/);
    for (const line of [
      'seed: 2',
      'link: { loss: 0.1% }',
      'nic: { queues: 2 }',
      'device: { pool: { size: 7 } }',
      'costs: { packet: 1ns }',
      'duration: 2s',
    ]) {
      expect(digest(`${ten}\n${line}`)).not.toBe(reference);
    }
  });

  it('is the same however it is written and wherever it runs', () => {
    expect(digest(`${ten}\nlink: { delay: 500ns }\nseed: 1\nduration: 1000ms`)).toBe(digest(ten));
    expect(digest(ten, { overrides: { world: 'nic:eth0' } })).toBe(digest(ten));
    expect(digest(`${ten}\ndevice: { port: xdp }`)).toBe(digest(ten));
    expect(digest(`${ten}\ngenerator: { engine: xdp }`)).toBe(digest(ten));
    expect(digest(`device: { connections: { kind: chained } }\n${ten}`)).toBe(digest(ten));
  });

  it('covers the contents of a capture, not its path', () => {
    const text = (name: string) => `traffic: [{ replay: { file: ${name} } }]\ndevice: { target: 1.2.3.4:2 }`;
    const a = file('a.pcap', 'one');
    const b = file('b.pcap', 'one');
    const c = file('c.pcap', 'two');
    expect(digest(text(a))).toBe(digest(text(b)));
    expect(digest(text(a))).not.toBe(digest(text(c)));
  });

  it('is that of the plan', () => {
    const { plan, digest: own, bytes } = parse(ten);
    expect(planDigest(plan)).toBe(own);
    expect(encodePlan(plan)).toEqual(bytes);
  });
});

describe('loadScenarioFile', () => {
  it('explains a missing file with exit code 2', () => {
    expect(() => loadScenarioFile(join(directory, 'none.yaml'))).toThrow(
      /the scenario ".*none.yaml": there is no such file/,
    );
    try {
      loadScenarioFile(directory);
    } catch (error) {
      expect(error).toBeInstanceOf(RingbedError);
      expect(error).toMatchObject({ code: 'io', exitCode: 2 });
    }
  });

  it('finds files beside the scenario', () => {
    file('beside.pcap', 'x');
    const path = file(
      'replay.yaml',
      'traffic: [{ replay: { file: beside.pcap } }]\ndevice: { target: 1.2.3.4:2 }',
    );
    const loaded = loadScenarioFile(path);
    expect(loaded.plan.traffic[0]?.replay?.file).toBe(join(directory, 'beside.pcap'));
    expect(loaded).toMatchObject({ file: path, source: readFileSync(path, 'utf8') });
  });
});

describe('golden scenarios', () => {
  const folder = fileURLToPath(new URL('../../../scenarios/', import.meta.url));
  const golden = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

  it('are there by the names that are promised', () => {
    expect(golden).toEqual(
      expect.arrayContaining(['nanonet-unicast.yaml', 'nanonet-multicast.yaml', 'nanonet-tcp.yaml']),
    );
  });

  it.each(golden)('%s loads, is named after its file and has objectives', (name) => {
    const { plan } = loadScenarioFile(join(folder, name));
    expect(`${plan.name}.yaml`).toBe(name);
    expect(plan.slo.length).toBeGreaterThan(0);
    expect(plan.slo).toContainEqual({ metric: 'conserved', op: 'EQ', limit: 1, text: 'true' });
  });
});
