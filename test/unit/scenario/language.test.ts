// What each form of the language means in the plan: base units, kinds, bytes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOf, planWith, streamWith, ten } from './support.js';

const ascii = (text: string) => ({ number: 0, data: new TextEncoder().encode(text) });
const number = (value: number) => ({ number: value, data: new Uint8Array() });
const sha256 = '460ee6aa3a80359181b794cc31a7185addba77626e9f719c10e3c8efb8668a1d';
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('the smallest scenario', () => {
  const plan = planOf('name: x\ntraffic: [{ to: 239.1.1.1:8080, rate: 100kpps }]');

  it('runs for a second on a 10 Gbit/s link', () => {
    expect(plan).toMatchObject({
      name: 'x',
      durationNs: 1_000_000_000,
      packets: 0,
      classifier: null,
      faults: [],
      slo: [],
    });
    expect(plan.world).toEqual({ kind: 'SIM', interfaces: [], allowed: [] });
    expect(plan.link).toMatchObject({ rateBps: 10_000_000_000, delayPs: 500_000, mtuBytes: 1500, loss: 0 });
    expect(plan.nic).toMatchObject({
      queues: 1,
      rxDescriptors: 1024,
      txDescriptors: 1024,
      multicastFilter: 'EXACT',
    });
    expect(Buffer.from(plan.nic.rssKey).toString('hex')).toMatch(/^6d5a56da255b0ec24167253d43a38fb0/);
    expect(plan.nic.rssKey).toHaveLength(40);
    expect(plan.core).toMatchObject({ poll: 'BUSY', count: 1, batch: 32 });
    const socket = { gso: false, gro: false, busyPollUs: 0, budget: 64 };
    expect(plan.generator).toEqual({ engine: '', socket });
  });

  it('has a nanonet device that answers the first stream', () => {
    expect(plan.device).toMatchObject({
      kind: 'nanonet',
      enabled: true,
      protocol: 17,
      target: { ip: bytes(239, 1, 1, 1), port: 8080, mac: bytes(1, 0, 0x5e, 1, 1, 1) },
      address: { ip: bytes(10, 0, 0, 2), mac: bytes(2, 0, 10, 0, 0, 2) },
      respondTo: { ip: bytes(10, 0, 0, 1), port: 9999 },
      join: [bytes(239, 1, 1, 1)],
      littleEndian: false,
      pool: { kind: 'fifo', size: 256, bufferBytes: 1500 },
      connections: { kind: 'chained', buckets: 1024, policy: 'REJECT_NEW', idleTimeoutNs: 60_000_000_000 },
      logic: { kind: 'threshold', priceBelowCents: 10_000, quantity: 100, orderCache: 16 },
    });
  });

  it('sends what NanoNet sends, from 10.0.0.1', () => {
    const [stream] = plan.traffic;
    expect(stream).toMatchObject({
      name: 'stream0',
      kind: 'UDP',
      flows: 1,
      ttl: 64,
      tcp: null,
      replay: null,
      udpChecksum: true,
    });
    expect(stream?.from).toEqual({ ip: bytes(10, 0, 0, 1), port: 40_000, mac: bytes(2, 0, 10, 0, 0, 1) });
    expect(stream?.payload?.fields.map(({ field, values }) => [field, values])).toEqual([
      ['symbol', [ascii('AAPL')]],
      ['price', [number(9999)]],
      ['quantity', [number(1000)]],
    ]);
    expect(stream?.payload?.size).toBeNull();
  });

  it('costs what the reference profile says', () => {
    expect(plan.costs).toMatchObject({
      profile: 'reference',
      packet: { kind: 'CONSTANT', aPs: 60_000 },
      byteFemtoseconds: 50_000,
      coldProbe: { aPs: 60_000 },
      txCompletion: { aPs: 5_000_000 },
    });
  });
});

describe('defaults that follow from others', () => {
  it('a unicast target is the address of the device', () => {
    const { device, traffic } = planOf('traffic: [{ to: 10.1.2.3:80 }]');
    expect(device.address.ip).toEqual(bytes(10, 1, 2, 3));
    expect(device.join).toEqual([]);
    expect(traffic[0]?.to?.mac).toEqual(bytes(2, 0, 10, 1, 2, 3));
  });

  it('IPv6 makes all of it IPv6', () => {
    const { device, traffic } = planOf('traffic: [{ to: "[ff02::5]:80" }]');
    expect(device.target.mac).toEqual(bytes(0x33, 0x33, 0, 0, 0, 5));
    expect(device.address.ip).toHaveLength(16);
    expect(device.respondTo.ip).toHaveLength(16);
    expect(traffic[0]?.from?.ip).toHaveLength(16);
  });

  it('`tcp` makes the stream and the device TCP', () => {
    const plan = planOf('traffic: [{ to: 10.0.0.2:80, tcp: { concurrent: 3 } }]');
    expect(plan.traffic[0]).toMatchObject({
      kind: 'TCP',
      tcp: { concurrent: 3, dataSegments: 10, close: 'FIN', handshake: 'FULL' },
    });
    expect(plan.device.protocol).toBe(6);
  });

  it('packets replace the default duration', () => {
    expect(planWith('packets: 1_000_000')).toMatchObject({ packets: 1_000_000, durationNs: 0 });
  });

  it('a MAC that is written counts', () => {
    const plan = planWith('device: { address: { ip: 10.0.0.9 }, mac: 02:11:22:33:44:55 }');
    expect(plan.device.address).toMatchObject({
      ip: bytes(10, 0, 0, 9),
      mac: bytes(2, 0x11, 0x22, 0x33, 0x44, 0x55),
    });
  });

  it('respondTo: source leaves the address to the request', () => {
    expect(planWith('device: { respondTo: source }').device.respondTo).toEqual({
      ip: bytes(),
      mac: bytes(),
      port: 0,
    });
  });
});

describe('rates', () => {
  it.each([
    ['100kpps', { kind: 'CONSTANT', unit: 'PPS', rate: 100_000 }],
    ['5Gbps', { kind: 'CONSTANT', unit: 'BPS', rate: 5e9 }],
    ['80%', { kind: 'CONSTANT', unit: 'LINE_SHARE', rate: 0.8 }],
    ['{ constant: 7pps }', { kind: 'CONSTANT', unit: 'PPS', rate: 7 }],
    ['{ poisson: 1.5Mpps }', { kind: 'POISSON', unit: 'PPS', rate: 1_500_000 }],
    [
      '{ burst: { rate: 100%, on: 50us, off: 1ms } }',
      { kind: 'BURST', unit: 'LINE_SHARE', rate: 1, onNs: 50_000, offNs: 1_000_000 },
    ],
    [
      '{ ramp: { from: 1kpps, to: 2kpps, over: 1s } }',
      { kind: 'RAMP', unit: 'PPS', rate: 1000, rateTo: 2000, rampNs: 1_000_000_000 },
    ],
    [
      '{ ramp: { from: 0%, to: 50%, over: 1s } }',
      { kind: 'RAMP', unit: 'LINE_SHARE', rate: 0, rateTo: 0.5, rampNs: 1_000_000_000 },
    ],
  ])('%s', (text, rate) => {
    expect(streamWith(`rate: ${text}`).rate).toEqual({ rateTo: 0, rampNs: 0, onNs: 0, offNs: 0, ...rate });
  });
});

describe('sizes', () => {
  it.each([
    ['66', { kind: 'CHOICE', choices: [66], weights: [1], min: 0, max: 0 }],
    ['{ uniform: [100, 200] }', { kind: 'UNIFORM', choices: [], weights: [], min: 100, max: 200 }],
    [
      '{ choice: [{ bytes: 80 }, { bytes: 1000, weight: 0.5 }] }',
      { kind: 'CHOICE', choices: [80, 1000], weights: [1, 0.5], min: 0, max: 0 },
    ],
    // Market data needs 66 bytes; the smallest class of IMIX is raised to that.
    ['imix', { kind: 'CHOICE', choices: [66, 590, 1514], weights: [7, 4, 1], min: 0, max: 0 }],
  ])('%s', (text, size) => {
    expect(streamWith(`size: ${text}`).payload?.size).toEqual(size);
  });

  it('IMIX of a payload that fits is 60, 590, 1514', () => {
    expect(streamWith('payload: { kind: random }, size: imix').payload?.size?.choices).toEqual([
      60, 590, 1514,
    ]);
  });

  it('count VLAN tags', () => {
    expect(() => streamWith('vlan: 5, size: 66')).toThrow(/at least 70/);
    expect(streamWith('vlan: 5, size: 1518').payload?.size?.choices).toEqual([1518]);
  });
});

describe('field programs', () => {
  const still = { min: 0, max: 0, step: 0, exponent: 0, sigma: 0, start: 0, weights: [], values: [] };

  it.each([
    ['5', { kind: 'LIST', values: [number(5)] }],
    ['1_000', { kind: 'LIST', values: [number(1000)] }],
    ['0xff', { kind: 'LIST', values: [number(255)] }],
    ['{ list: [1, 2] }', { kind: 'LIST', values: [number(1), number(2)] }],
    ['{ increment: { from: 1, to: 9 } }', { kind: 'INCREMENT', min: 1, max: 9, step: 1 }],
    ['{ increment: { from: 1, to: 9, step: 4 } }', { kind: 'INCREMENT', min: 1, max: 9, step: 4 }],
    ['{ uniform: [3, 7] }', { kind: 'UNIFORM', min: 3, max: 7 }],
    ['{ zipf: [9, 8], exponent: 1.5 }', { kind: 'ZIPF', values: [number(9), number(8)], exponent: 1.5 }],
    ['{ zipf: { from: 1, to: 100 } }', { kind: 'ZIPF', min: 1, max: 100, exponent: 1 }],
    [
      '{ walk: { start: 5, min: 1, max: 9, sigma: 0.5 } }',
      { kind: 'WALK', start: 5, min: 1, max: 9, sigma: 0.5 },
    ],
    [
      '{ choice: [{ value: 1, weight: 3 }, { value: 2 }] }',
      { kind: 'CHOICE', values: [number(1), number(2)], weights: [3, 1] },
    ],
  ])('price: %s', (text, program) => {
    const fields = streamWith(`payload: { price: ${text} }`).payload?.fields;
    expect(fields?.find(({ field }) => field === 'price')).toEqual({ field: 'price', ...still, ...program });
  });

  it('texts keep their bytes, whatever YAML takes them for', () => {
    const symbols = streamWith('payload: { symbol: { list: [AAPL, 700, true] } }').payload?.fields[0]?.values;
    expect(symbols).toEqual([ascii('AAPL'), ascii('700'), ascii('true')]);
  });

  it('header fields take addresses, and ranges of them as numbers', () => {
    const { fields } = streamWith(
      'fields: { ipv4.src: { increment: { from: 10.0.0.1, to: 10.0.1.0 } }, ethernet.src: 02:00:00:00:00:07, udp.srcPort: { uniform: [1024, 65535] } }',
    );
    expect(fields.map(({ field, kind }) => [field, kind])).toEqual([
      ['ethernet.src', 'LIST'],
      ['ipv4.src', 'INCREMENT'],
      ['udp.srcPort', 'UNIFORM'],
    ]);
    expect(fields[0]?.values).toEqual([{ number: 0, data: bytes(2, 0, 0, 0, 0, 7) }]);
    expect(fields[1]).toMatchObject({ min: 0x0a000001, max: 0x0a000100, step: 1 });
  });

  it.each([
    ['kind: random', { kind: 'random', data: bytes() }],
    ['kind: hex, data: "00 ff1a"', { kind: 'hex', data: bytes(0, 255, 26) }],
    ['kind: text, text: hé', { kind: 'text', data: new TextEncoder().encode('hé') }],
    ['kind: nanonet.trading_order, byteOrder: little', { kind: 'nanonet.trading_order', littleEndian: true }],
  ])('payload: { %s }', (text, payload) => {
    expect(streamWith(`payload: { ${text} }`).payload).toMatchObject(payload);
  });
});

describe('streams', () => {
  it.each([
    ['vlan: 100', [{ tpid: 0x8100, pcp: 0, dei: 0, vid: 100 }]],
    [
      'vlan: [{ vid: 5, tpid: 0x88a8, pcp: 3, dei: true }, 6]',
      [
        { tpid: 0x88a8, pcp: 3, dei: 1, vid: 5 },
        { tpid: 0x8100, pcp: 0, dei: 0, vid: 6 },
      ],
    ],
  ])('%s', (words, vlans) => {
    expect(streamWith(words).vlans).toEqual(vlans);
  });

  it('start, stop, packets, flows, ttl, dscp', () => {
    expect(
      streamWith('start: 1ms, stop: 2ms, packets: 7, flows: 100_000, ttl: 1, dscp: 46, udpChecksum: false'),
    ).toMatchObject({
      startNs: 1_000_000,
      stopNs: 2_000_000,
      packets: 7,
      flows: 100_000,
      ttl: 1,
      dscp: 46,
      udpChecksum: false,
    });
  });

  it('an endpoint as a map carries its MAC', () => {
    const stream = planOf('traffic: [{ to: { ip: 10.0.0.2, port: 80, mac: "06:00:00:00:00:01" } }]')
      .traffic[0];
    expect(stream?.to).toEqual({ ip: bytes(10, 0, 0, 2), port: 80, mac: bytes(6, 0, 0, 0, 0, 1) });
  });

  it.each([
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:db8::2', `20010db8${'0'.repeat(23)}2`],
    ['::ffff:10.0.0.1', `${'0'.repeat(20)}ffff0a000001`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['fe80::', `fe80${'0'.repeat(28)}`],
  ])('IPv6 %s', (text, hex) => {
    const stream = planOf(`traffic: [{ to: "[${text}]:80" }]`).traffic[0];
    expect(Buffer.from(stream?.to?.ip ?? []).toString('hex')).toBe(hex);
  });
});

describe('link, NIC, core, costs', () => {
  it.each([
    [
      'link: { jitter: { exponential: 1us } }',
      { kind: 'EXPONENTIAL', aPs: 1_000_000, bPs: 0, sigmaMilli: 0 },
    ],
    ['link: { jitter: { uniform: [0, 5ns] } }', { kind: 'UNIFORM', aPs: 0, bPs: 5_000, sigmaMilli: 0 }],
    [
      'link: { jitter: { normal: { mean: 1us, stddev: 10ns } } }',
      { kind: 'NORMAL', aPs: 1_000_000, bPs: 10_000, sigmaMilli: 0 },
    ],
    [
      'link: { jitter: { lognormal: { median: 2ns, sigma: 0.25 } } }',
      { kind: 'LOGNORMAL', aPs: 2_000, bPs: 0, sigmaMilli: 250 },
    ],
    [
      'link: { jitter: { pareto: { min: 3ns, shape: 2.5 } } }',
      { kind: 'PARETO', aPs: 3_000, bPs: 0, sigmaMilli: 2500 },
    ],
    ['link: { jitter: 7ps }', { kind: 'CONSTANT', aPs: 7, bPs: 0, sigmaMilli: 0 }],
  ])('%s', (line, jitter) => {
    expect(planWith(line).link.jitter).toEqual(jitter);
  });

  it('probabilities are shares or numbers', () => {
    const { link } = planWith(
      'link: { loss: 0.1%, duplicate: 0.25, reorder: { probability: 1%, delay: 3us }, corrupt: 1e-6 }',
    );
    expect(link).toMatchObject({
      loss: 0.001,
      duplicate: 0.25,
      reorder: 0.01,
      reorderDelayPs: 3_000_000,
      corrupt: 1e-6,
    });
  });

  it.each([
    ['usecs: 10', 10_000_000],
    ['usecs: 0.5', 500_000],
    ['usecs: 3us', 3_000_000],
    ['usecs: 250ns', 250_000],
  ])('coalesce: { %s }', (words, picoseconds) => {
    expect(planWith(`nic: { coalesce: { ${words}, frames: 8 } }`).nic).toMatchObject({
      coalescePs: picoseconds,
      coalesceFrames: 8,
    });
  });

  it.each([
    ['rate: 100', 100],
    ['rate: 1kHz', 1000],
    ['rate: 0.5Hz', 0.5],
  ])('noise: { %s }', (words, rateHz) => {
    const { noise } = planWith(
      `core: { poll: interrupt, noise: { ${words}, length: { exponential: 5us } } }`,
    ).core;
    expect(noise).toEqual({ rateHz, length: { kind: 'EXPONENTIAL', aPs: 5_000_000, bPs: 0, sigmaMilli: 0 } });
  });

  it('a cost of 0.05ns is 50 000 femtoseconds, exactly', () => {
    expect(planWith('costs: { byte: 0.05ns }').costs.byteFemtoseconds).toBe(50_000);
    expect(planWith('costs: { byte: 0.07ns }').costs).toMatchObject({
      byteFemtoseconds: 70_000,
      profile: 'reference, with changes',
    });
  });

  it('faults', () => {
    const text =
      'nic: { queues: 2 }\nfaults: [{ at: 1ms, pause: { for: 2ms } }, { at: 0, linkDown: { for: 1us } }, { at: 0s, lossBurst: { for: 1us, probability: 50% } }, { at: 5ns, stall: { queue: 1, for: 1us } }]';
    expect(planWith(text).faults).toEqual([
      { kind: 'PAUSE', atNs: 1_000_000, forNs: 2_000_000, core: 0, queue: 0, probability: 0 },
      { kind: 'LINK_DOWN', atNs: 0, forNs: 1000, core: 0, queue: 0, probability: 0 },
      { kind: 'LOSS_BURST', atNs: 0, forNs: 1000, core: 0, queue: 0, probability: 0.5 },
      { kind: 'STALL', atNs: 5, forNs: 1000, core: 0, queue: 1, probability: 0 },
    ]);
  });
});

describe('objectives', () => {
  it.each([
    ['drops: 0', { metric: 'drops', op: 'EQ', limit: 0, text: '0' }],
    ['drops.rx_ring_full: "<= 5"', { metric: 'drops.rx_ring_full', op: 'LE', limit: 5, text: '<= 5' }],
    [
      'drops.rx_ring.rx_ring_full: 0',
      { metric: 'drops.rx_ring.rx_ring_full', op: 'EQ', limit: 0, text: '0' },
    ],
    ['latency.p99: "< 10us"', { metric: 'latency.response.p99', op: 'LT', limit: 10_000, text: '< 10us' }],
    [
      'latency.request.max: ">=0.5ns"',
      { metric: 'latency.request.max', op: 'GE', limit: 0.5, text: '>=0.5ns' },
    ],
    ['pool.inUsePeak: "> 200"', { metric: 'pool.inUsePeak', op: 'GT', limit: 200, text: '> 200' }],
    ['conserved: true', { metric: 'conserved', op: 'EQ', limit: 1, text: 'true' }],
    [
      'connections.meanProbes: "< 1.5"',
      { metric: 'connections.meanProbes', op: 'LT', limit: 1.5, text: '< 1.5' },
    ],
    ['pool.bytes: "<= 1MiB"', { metric: 'pool.bytes', op: 'LE', limit: 1_048_576, text: '<= 1MiB' }],
    [
      'streams.feed.response.p50: "< 1ms"',
      { metric: 'streams.feed.response.p50', op: 'LT', limit: 1_000_000, text: '< 1ms' },
    ],
    ['streams.0.lost: 0', { metric: 'streams.feed.lost', op: 'EQ', limit: 0, text: '0' }],
    ['rings.1.peak: 0', { metric: 'rings.tx0.peak', op: 'EQ', limit: 0, text: '0' }],
    [
      'packets.processed: "== 1_000"',
      { metric: 'packets.processed', op: 'EQ', limit: 1000, text: '== 1_000' },
    ],
  ])('%s', (words, slo) => {
    expect(planWith(`slo: { ${words} }`).slo).toEqual([slo]);
  });
});

describe('files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ringbed-scenario-'));
  beforeAll(() => writeFileSync(join(directory, 'a.pcap'), 'capture'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('a replay is found beside the scenario and known by its contents', () => {
    const text =
      'traffic: [{ replay: { file: a.pcap, speed: 2, rewrite: [{ field: udp.dstPort, from: 1, to: 2 }, { field: ipv4.dst, to: 1.2.3.4 }] } }]\ndevice: { target: 1.2.3.4:2 }';
    const stream = planOf(text, { baseDir: directory }).traffic[0];
    expect(stream).toMatchObject({ kind: 'REPLAY', from: null, to: null, payload: null });
    expect(stream?.replay).toMatchObject({
      file: join(directory, 'a.pcap'),
      timing: 'SCALED',
      speed: 2,
      loops: 1,
    });
    // sha256 of "capture", by coreutils
    expect(Buffer.from(stream?.replay?.fileSha256 ?? []).toString('hex')).toBe(sha256);
    expect(stream?.replay?.rewrite).toEqual([
      { field: 'udp.dstPort', from: number(1), to: number(2) },
      { field: 'ipv4.dst', from: null, to: { number: 0, data: bytes(1, 2, 3, 4) } },
    ]);
  });

  it('a directory or a missing file is a fault', () => {
    const text = (file: string) => `traffic: [{ replay: { file: ${file} } }]\ndevice: { target: 1.2.3.4:2 }`;
    expect(() => planOf(text('.'), { baseDir: directory })).toThrow(/is a directory; expected a pcap/);
    expect(() => planOf(text('b.pcap'), { baseDir: directory })).toThrow(/b.pcap": there is no such file/);
    expect(() => planOf(text('/dev/zero'), { baseDir: directory })).toThrow(/no regular file/);
  });

  it('the bundled classifier goes by its bare name', () => {
    expect(
      planOf(`${ten}\nclassifier: { object: classifier.bpf.o, stages: [parse, port] }`).classifier,
    ).toEqual({
      object: expect.stringMatching(/\/csrc\/classifier\/classifier.bpf.o$/),
      objectSha256: expect.objectContaining({ length: 32 }),
      stages: ['parse', 'port'],
      program: '',
      type: '',
      maps: [],
      progArray: '',
      instructionFemtoseconds: 0,
      swaps: 0,
      swapEveryNs: 0,
      options: { match: 'RING', otherwise: 'KERNEL', limitPps: 0, limitBurst: 32, sampleEvery: 0 },
    });
  });

  it('stages stand in the slots that they are given', () => {
    const stages = (text: string) =>
      planOf(`${ten}\nclassifier: { object: classifier.bpf.o, stages: ${text} }`).classifier?.stages;
    expect(stages('{ 3: limit, 1: port }')).toEqual(['', 'port', '', 'limit']);
    expect(stages('{ 0: parse, 1: port }')).toEqual(stages('[parse, port]'));
    expect(stages('{}')).toEqual([]);
  });

  it('a classifier says its entry, its sizes and what its stages do', () => {
    const front = `{ object: classifier.bpf.o, stages: [limit], program: classifier, type: xdp,
      maps: { flows: { maxEntries: 16 }, a: { maxEntries: 1 } }, instruction: 0.2ns, swaps: 200, swapEvery: 5ms,
      options: { otherwise: drop, limit: 10kpps, burst: 8, every: 100 } }`;
    expect(planOf(`${ten}\nclassifier: ${front}`).classifier).toMatchObject({
      program: 'classifier',
      type: 'xdp',
      maps: [
        { name: 'a', maxEntries: 1 },
        { name: 'flows', maxEntries: 16 },
      ],
      instructionFemtoseconds: 200_000,
      swaps: 200,
      swapEveryNs: 5_000_000,
      options: { match: 'RING', otherwise: 'DROP', limitPps: 10_000, limitBurst: 8, sampleEvery: 100 },
    });
  });
});
