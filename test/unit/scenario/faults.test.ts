// Every rule of the language, each broken once: exactly one fault, at the right path, line and column, that
// says what is wrong and what to type instead.
import { describe, expect, it } from 'vitest';
import { formatFault, RingbedError } from '../../../src/errors/index.js';
import { parseScenario } from '../../../src/scenario/index.js';
import { faultsOf, parse, ten } from './support.js';

const inStream = (words: string) => `traffic: [{ name: feed, to: 239.1.1.1:8080, ${words} }]`;

/** A line added to the smallest scenario → the path and a part of the message. */
const oneMistake: [line: string, path: string, says: RegExp][] = [
  // Units
  ['duration: 10GB', 'duration', /"10GB" is a size, not a time; expected a time .*ns, us, ms/],
  ['duration: 5', 'duration', /5 has no unit; expected a time/],
  ['duration: 1.5', 'duration', /has no unit/],
  ['duration: 10parsecs', 'duration', /unknown unit; expected a time/],
  ['duration: 5Ms', 'duration', /did you mean ms\?/],
  ['duration: fast', 'duration', /"fast" is not a time/],
  ['duration: -1s', 'duration', /negative/],
  ['duration: 0s', 'duration', /too little; expected at least 1ns/],
  ['duration: 0.5ns', 'duration', /finer than 1ns/],
  ['duration: 10000h', 'duration', /too much; expected at most/],
  ['duration: [1s]', 'duration', /a list is not a time/],
  ['duration:', 'duration', /is empty; expected a time/],
  ['link: { rate: 5ms }', 'link.rate', /is a time, not a bit rate; expected a bit rate .*Gbps/],
  ['link: { rate: 10gbps }', 'link.rate', /did you mean Gbps\?/],
  ['link: { rate: 0bps }', 'link.rate', /too little/],
  ['link: { rate: 10_000_000_000 }', 'link.rate', /has no unit/],
  ['link: { delay: 0.5fs }', 'link.delay', /finer than 1ps/],
  ['link: { delay: 2h }', 'link.delay', /too much/],
  ['link: { loss: 1.5 }', 'link.loss', /no probability/],
  ['link: { loss: 101% }', 'link.loss', /no probability/],
  ['link: { loss: 1s }', 'link.loss', /expected a probability/],
  ['link: { mtu: 9000ms }', 'link.mtu', /is a time, not a size/],
  ['link: { mtu: 67 }', 'link.mtu', /at least 67|at least 68/],
  ['link: { queue: 1.5 }', 'link.queue', /not a whole number/],
  ['link: { reorder: { probability: 1%, dely: 1us } }', 'link.reorder.dely', /did you mean delay\?/],
  ['link: { jitter: { exponentail: 1us } }', 'link.jitter.exponentail', /did you mean exponential\?/],
  ['link: { jitter: {} }', 'link.jitter', /says no distribution/],
  ['link: { jitter: { normal: { mean: 1us } } }', 'link.jitter.normal.stddev', /is missing/],
  ['link: { jitter: { pareto: { min: 1us, shape: 0 } } }', 'link.jitter.pareto.shape', /out of range/],
  [
    'link: { jitter: { lognormal: { median: 1us, sigma: 0.0001 } } }',
    'link.jitter.lognormal.sigma',
    /steps of 0.001/,
  ],
  ['link: { jitter: { uniform: [2us, 1us] } }', 'link.jitter.uniform', /first end lies above/],
  ['link: { jitter: { uniform: [2us] } }', 'link.jitter.uniform', /has 1 items/],
  // Words and counts
  ['seed: -1', 'seed', /out of range/],
  ['seed: 9007199254740993', 'seed', /beyond 2\^53 - 1/],
  ['seed: 1.5', 'seed', /not a whole number/],
  ['seed: .nan', 'seed', /not a whole number/],
  ['name: 5', 'name', /5 is not text/],
  ['name: ""', 'name', /is empty/],
  ['world: simm', 'world', /did you mean sim\?/],
  ['world: nic', 'world', /names no interface/],
  ['world: { kind: veth, interfaces: [eth0] }', 'world.interfaces', /no meaning for kind veth/],
  ['nic: { rxDescriptors: 1000 }', 'nic.rxDescriptors', /not a power of two.*did you mean 512 or 1024\?/],
  ['nic: { txDescriptors: 3 }', 'nic.txDescriptors', /did you mean 2 or 4\?/],
  ['nic: { multicastFilter: exct }', 'nic.multicastFilter', /did you mean exact\?/],
  ['nic: { coalesce: { usecs: 5GB } }', 'nic.coalesce.usecs', /is a size, not a time/],
  ['nic: { rssKey: abc }', 'nic.rssKey', /80 hexadecimal digits/],
  ['nic: { checkFcs: yes }', 'nic.checkFcs', /expected true or false/],
  ['nic: { retaSize: 128, queues: 200 }', 'nic.retaSize', /too small/],
  ['nic: 5', 'nic', /is 5; expected a map with queues/],
  ['core: { poll: bussy }', 'core.poll', /did you mean busy\?/],
  ['core: { count: 0 }', 'core.count', /from 1 to 256/],
  ['generator: { engine: xpd }', 'generator.engine', /did you mean xdp\?/],
  ['core: { noise: { rate: 5s } }', 'core.noise.rate', /not a frequency/],
  ['warmup: 1s', 'warmup', /as long as the run/],
  ['packets: 5\nduration: 1s', 'packets', /exclude each other/],
  // Unknown keys
  ['lnik: {}', 'lnik', /unknown key "lnik"; did you mean link\?/],
  ['banana: 1', 'banana', /unknown key "banana"; expected one of name, /],
  ['__proto__: 1', '__proto__', /unknown key/],
  ['constructor: 1', 'constructor', /unknown key/],
  ['device: { pool: { sise: 5 } }', 'device.pool.sise', /did you mean size\?/],
  // Device
  ['device: { kind: nanonett }', 'device.kind', /expected nanonet/],
  ['device: { pool: { kind: fif } }', 'device.pool.kind', /did you mean fifo\?/],
  ['device: { pool: { size: 0 } }', 'device.pool.size', /out of range/],
  ['device: { connections: { kind: chaned } }', 'device.connections.kind', /did you mean chained\?/],
  ['device: { connections: { policy: drop } }', 'device.connections.policy', /one of reject, evict/],
  ['device: { logic: { kind: treshold } }', 'device.logic.kind', /did you mean threshold\?/],
  ['device: { logic: { kind: sample, priceBelowCents: 1 } }', 'device.logic.priceBelowCents', /unknown key/],
  [
    'device: { logic: { kind: { a: 1 } } }',
    'device.logic.kind',
    /a map is not a logic; expected one of threshold/,
  ],
  ['device: { logic: { every: 2 } }', 'device.logic.every', /unknown key/],
  ['device: { target: 239.1.1.1 }', 'device.target', /has no port/],
  ['device: { target: "239.1.1.1:0" }', 'device.target', /port from 1 to 65535/],
  ['device: { target: "239.1.1:80" }', 'device.target', /"239.1.1" is not an IP address/],
  ['device: { respondTo: "[2001:db8::1]:9" }', 'device.respondTo', /another IP version/],
  ['device: { address: 10.0.0.300 }', 'device.address', /not an IP address/],
  ['device: { mac: "02:00" }', 'device.mac', /not a MAC address/],
  ['device: { join: [10.0.0.1] }', 'device.join.0', /no multicast group/],
  ['device: { port: xpd }', 'device.port', /did you mean xdp\?/],
  ['device: { byteOrder: large }', 'device.byteOrder', /one of big, little/],
  // Costs, faults, objectives
  ['costs: { packt: 60ns }', 'costs.packt', /did you mean packet\?/],
  ['costs: { packet: 60 }', 'costs.packet', /has no unit/],
  ['costs: { byte: 0.0000001ns }', 'costs.byte', /finer than 1fs/],
  [
    'faults: [{ at: 1ms, pause: { core: 1, for: 1ms } }]',
    'faults.0.pause.core',
    /no core 1; expected core 0/,
  ],
  ['faults: [{ at: 1ms, stall: { queue: 3, for: 1ms } }]', 'faults.0.stall.queue', /no queue 3/],
  ['faults: [{ at: 2s, linkDown: { for: 1ms } }]', 'faults.0.at', /after the end of the run/],
  ['faults: [{ pause: { for: 1ms } }]', 'faults.0.at', /is missing/],
  ['faults: [{ at: 1ms, pause: {} }]', 'faults.0.pause.for', /is missing/],
  ['faults: [{ at: 1ms, puase: { for: 1ms } }]', 'faults.0.puase', /did you mean pause\?/],
  ['faults: [{ at: 1ms }]', 'faults.0', /says no fault/],
  [
    'faults: [{ at: 1ms, lossBurst: { for: 1ms, probability: 2 } }]',
    'faults.0.lossBurst.probability',
    /no probability/,
  ],
  ['faults: [{ at: 1ms, pause: { for: 1ms }, linkDown: { for: 1ms } }]', 'faults.0', /exclude each other/],
  ['slo: { drop: 0 }', 'slo.drop', /unknown metric "drop"; did you mean drops\?/],
  ['slo: { latency.p98: "< 1us" }', 'slo.latency.p98', /unknown metric/],
  ['slo: { latency.response.p9: "< 1us" }', 'slo.latency.response.p9', /did you mean latency.response.p90\?/],
  ['slo: { drops.pool_emty: 0 }', 'slo.drops.pool_emty', /did you mean drops.pool_empty\?/],
  ['slo: { streams.fed.lost: 0 }', 'slo.streams.fed.lost', /did you mean streams.feed.lost\?/],
  ['slo: { rings.rx1.peak: 0 }', 'slo.rings.rx1.peak', /did you mean rings.rx0.peak\?/],
  ['slo: { latency.p99: 10us }', 'slo.latency.p99', /no comparison; expected .*"< 10us"/],
  ['slo: { latency.p99: "< 10" }', 'slo.latency.p99', /is not a time/],
  ['slo: { latency.p99: "< 10MB" }', 'slo.latency.p99', /is not a time/],
  ['slo: { drops: "< 1.5" }', 'slo.drops', /not a whole number/],
  ['slo: { drops: few }', 'slo.drops', /not a number/],
  ['slo: { conserved: 1 }', 'slo.conserved', /neither true nor false/],
  ['slo: { drops: "=< 5" }', 'slo.drops', /not a limit/],
  ['slo: 5', 'slo', /is 5; expected a map of metric/],
  ['classifier: { object: nowhere/x.o }', 'classifier.object', /no such file/],
  ['classifier: { object: x.bpf.o }', 'classifier.object', /no such file; expected .*classifier.bpf.o/],
  [
    'classifier: { object: classifier.bpf.o, stages: { first: parse } }',
    'classifier.stages.first',
    /is no slot/,
  ],
  [
    'classifier: { object: classifier.bpf.o, stages: { 1024: parse } }',
    'classifier.stages.1024',
    /is no slot/,
  ],
  [
    'classifier: { object: classifier.bpf.o, stages: { 3: 7 } }',
    'classifier.stages.3',
    /the name of a program/,
  ],
  [
    'classifier: { object: classifier.bpf.o, stages: 7 }',
    'classifier.stages',
    /a list .*, or \{ SLOT: PROGRAM \}/,
  ],
  [
    `classifier: { object: classifier.bpf.o, stages: [${'a,'.repeat(34)}] }`,
    'classifier.stages',
    /more than 33 items/,
  ],
];

/** The same inside the stream. */
const inTheStream: [words: string, path: string, says: RegExp][] = [
  ['rate: 100', 'rate', /has no unit; expected a packet rate .* or a bit rate .* or a share/],
  ['rate: 5ms', 'rate', /is a time, not a packet rate or a bit rate or a share/],
  ['rate: 0pps', 'rate', /sends nothing/],
  ['rate: [100kpps]', 'rate', /is a list/],
  ['rate: { poison: 1kpps }', 'rate.poison', /did you mean poisson\?/],
  ['rate: { poisson: 1ms }', 'rate.poisson', /is a time/],
  ['rate: { poisson: 1kpps, constant: 1kpps }', 'rate', /constant and poisson exclude each other/],
  ['rate: { poisson: 1kpps, on: 1ms }', 'rate.on', /unknown key "on"/],
  ['rate: { burst: { rate: 1kpps, on: 1ms } }', 'rate.burst.off', /is missing/],
  ['rate: { ramp: { from: 1kpps, to: 1Gbps, over: 1s } }', 'rate.ramp.to', /another unit/],
  ['size: 59', 'size', /60 to 65535/],
  ['size: 64KiB', 'size', /not a whole number|out of range/],
  ['size: imx', 'size', /did you mean imix\?/],
  ['size: 64', 'size', /64 bytes do not hold headers and payload; expected at least 66/],
  ['size: 1515', 'size', /pass the MTU; expected at most 1514, or link.mtu of at least 1501/],
  ['size: { uniform: [100, 90] }', 'size.uniform', /first end lies above/],
  ['size: { choice: [{ bytes: 100, weight: 0 }] }', 'size.choice', /all weights are 0/],
  ['size: { choice: [] }', 'size.choice', /fewer than 1 item/],
  ['payload: { kind: nanonet.market_dta }', 'payload.kind', /did you mean nanonet.market_data\?/],
  ['payload: { kind: [1] }', 'payload.kind', /a list is not a payload kind/],
  ['payload: nanonet.market_data', 'payload', /is "nanonet.market_data"; expected a map with `kind`/],
  ['payload: { symbl: AAPL }', 'payload.symbl', /did you mean symbol\?/],
  ['payload: { symbol: ABCDEFGHI }', 'payload.symbol', /longer than the field; expected at most 8/],
  ['payload: { symbol: "é" }', 'payload.symbol', /not printable ASCII/],
  ['payload: { price: AAPL }', 'payload.price', /not a whole number; expected .* \(32 bits\)/],
  ['payload: { price: 4294967296 }', 'payload.price', /out of range/],
  ['payload: { price: [1, 2] }', 'payload.price', /is a list; expected a value, or one of \{ list/],
  ['payload: { price: { unifrom: [1, 2] } }', 'payload.price.unifrom', /did you mean uniform\?/],
  ['payload: { price: { uniform: [2, 1] } }', 'payload.price.uniform', /first end lies above/],
  ['payload: { price: { increment: { from: 5, to: 1 } } }', 'payload.price.increment.from', /lies above/],
  [
    'payload: { price: { zipf: { from: 1, to: 2000000 } } }',
    'payload.price.zipf.to',
    /more than 1000000 ranks/,
  ],
  ['payload: { price: { zipf: [1, 2], exponent: -1 } }', 'payload.price.exponent', /out of range/],
  [
    'payload: { price: { walk: { start: 5, min: 10, max: 20, sigma: 1 } } }',
    'payload.price.walk.start',
    /outside/,
  ],
  ['payload: { symbol: { uniform: [1, 2] } }', 'payload.symbol.uniform', /unknown key "uniform"/],
  [
    'payload: { price: { choice: [{ value: 1, weigth: 2 }] } }',
    'payload.price.choice.0.weigth',
    /did you mean weight\?/,
  ],
  ['payload: { price: { list: [] } }', 'payload.price.list', /fewer than 1 item/],
  ['payload: { kind: hex, data: "0x1" }', 'payload.data', /hexadecimal/],
  ['payload: { kind: text }', 'payload.text', /is missing/],
  ['payload: { kind: random, symbol: A }', 'payload.symbol', /unknown key/],
  ['fields: { ipv4.scr: 10.0.0.1 }', 'fields.ipv4.scr', /did you mean ipv4.src\?/],
  ['fields: { ipv4.ttl: 300 }', 'fields.ipv4.ttl', /\(8 bits\)/],
  ['fields: { ipv4.src: 10.0.0.256 }', 'fields.ipv4.src', /not an IPv4 address/],
  [
    'fields: { tcp.seq: 1 }',
    'fields.tcp.seq',
    /no field of this stream; expected a field of ethernet, ipv4, udp/,
  ],
  ['fields: { ipv6.src: "::1" }', 'fields.ipv6.src', /no field of this stream/],
  ['fields: { vlan.vid: 5 }', 'fields.vlan.vid', /no field of this stream/],
  ['vlan: 4096', 'vlan', /from 0 to 4095/],
  ['vlan: [1, 5000]', 'vlan.1', /from 0 to 4095/],
  ['vlan: { vid: 5, pcp: 8 }', 'vlan.pcp', /from 0 to 7/],
  ['flows: 0', 'flows', /at least|from 1/],
  ['kind: udpp', 'kind', /did you mean udp\?/],
  ['kind: udp, tcp: {}', 'tcp', /no meaning for kind udp/],
  ['kind: udp, replay: { file: x.pcap }', 'replay', /no meaning for kind udp/],
  ['start: 5ms, stop: 4ms', 'stop', /lies before the start/],
  ['start: 2s', 'start', /after the end of the run/],
  ['from: 239.1.1.2:5', 'from', /a group cannot send/],
  ['from: "[2001:db8::1]:5"', 'from', /another IP version/],
  ['ttl: 256', 'ttl', /from 0 to 255/],
  ['dscp: 64', 'dscp', /from 0 to 63/],
  ['udpChecksum: 1', 'udpChecksum', /true or false/],
  ['rate: 1e12%', 'rate', /too much; expected at most .*100000%/],
  ['rate: { ramp: { from: 0pps, to: 0pps, over: 1s } }', 'rate.ramp', /sends nothing/],
  ['rate: { ramp: { from: -1pps, to: 1pps, over: 1s } }', 'rate.ramp.from', /sends nothing/],
  ['rate: { ramp: { from: 1%, to: 1e12%, over: 1s } }', 'rate.ramp.to', /too much/],
  ['kind: tcp', 'kind', /TCP has no multicast/],
];

describe('one mistake gives one fault', () => {
  it.each(oneMistake)('%s', (line, path, says) => {
    const faults = faultsOf(`${ten}\n${line}\n`);
    expect(faults.map(formatFault)).toHaveLength(1);
    expect(faults[0]).toMatchObject({ file: 's.yaml', path });
    expect(formatFault(faults[0] as never)).toMatch(says);
    // The place is in the line that was added, or where packets and duration exclude each other.
    expect(faults[0]?.line).toBeGreaterThanOrEqual(2);
  });

  it.each(inTheStream)('{ %s }', (words, path, says) => {
    const faults = faultsOf(inStream(words));
    expect(faults.map(formatFault)).toHaveLength(1);
    expect(faults[0]).toMatchObject({ file: 's.yaml', line: 1, path: `traffic.feed.${path}` });
    expect(formatFault(faults[0] as never)).toMatch(says);
    expect(faults[0]?.column).toBeGreaterThan(10);
  });

  it.each([
    ['traffic: []', 'traffic', /fewer than 1 item/],
    ['traffic: 5', 'traffic', /is 5; expected a list of streams/],
    ['name: x', 'traffic', /is missing; expected a list of streams/],
    ['trafic: [{ to: 10.0.0.1:1 }]', 'trafic', /unknown key "trafic"; did you mean traffic\?/],
    [
      'traffic: [{ to: 10.0.0.1:1, rate: { burst: { rate: 1kpps, onn: 1ms, off: 1ms } } }]',
      'traffic.stream0.rate.burst.onn',
      /did you mean on\?/,
    ],
    [
      'traffic: [{ to: 10.0.0.1:1, payload: { kind: nanonet.market_data, price: { zipf: { min: 1, to: 9 } } } }]',
      'traffic.stream0.payload.price.zipf.min',
      /unknown key "min"; expected one of from, to/,
    ],
    ['traffic: [{ kind: replay }]', 'traffic.stream0.replay', /is missing/],
    ['traffic: [{ rate: 1kpps }]', 'traffic.stream0.to', /is missing; expected a destination/],
    ['traffic: [{ to: 10.0.0.1:1, name: 5x }]', 'traffic.0.name', /not a stream name/],
    [
      'traffic: [{ to: 10.0.0.1:1, tcp: { close: finn } }]',
      'traffic.stream0.tcp.close',
      /did you mean fin\?/,
    ],
    [
      'traffic: [{ to: 10.0.0.1:1, kind: tcp, udpChecksum: false }]',
      'traffic.stream0.udpChecksum',
      /kind tcp/,
    ],
    ['traffic: [{ to: 10.0.0.1:1, kind: syn_flood, size: 60 }]', 'traffic.stream0.size', /kind syn_flood/],
    ['traffic: [{ to: "[2001:db8::1]:1", udpChecksum: false }]', 'traffic.stream0.udpChecksum', /over IPv6/],
    [
      'traffic: [{ replay: { file: x.pcap }, rate: 1kpps }]',
      'traffic.stream0.rate',
      /no meaning for timing honoured; expected timing: ignored/,
    ],
    ['name: "\\e[2J"\ntraffic: [{ to: 10.0.0.1:1 }]', 'name', /holds a control character/],
    [
      'traffic: [{ name: a, to: 10.0.0.2:1 }, { name: a, to: 10.0.0.2:1 }]',
      'traffic.1.name',
      /names a second stream/,
    ],
    [
      'traffic: [{ replay: { file: x.pcap }, to: 1.2.3.4:5 }]',
      'traffic.stream0.to',
      /no meaning for kind replay/,
    ],
  ])('%s', (text, path, says) => {
    const faults = faultsOf(text).filter(
      (fault) => !fault.path.startsWith('device') && !fault.path.endsWith('file'),
    );
    expect(faults.map(formatFault)).toHaveLength(1);
    expect(faults[0]?.path).toBe(path);
    expect(formatFault(faults[0] as never)).toMatch(says);
  });
});

/** What people write who have not seen a replay yet: each mistake is said once, and leads to the right form. */
describe('a replay as one would write it', () => {
  it.each<[stream: string, ...said: (readonly [path: string, says: RegExp])[]]>([
    ['{ kind: replay, file: a.pcap }', ['file', /unknown key "file"; expected it in replay: { file: … }$/]],
    [
      '{ kind: replay, file: a.pcap, speed: 2 }',
      ['file', /it in replay/],
      ['speed', /unknown key "speed"; expected it in replay: { speed: … }$/],
    ],
    [
      '{ type: replay, file: a.pcap }',
      ['type', /unknown key "type"; did you mean kind\?$/],
      ['file', /it in replay/],
    ],
    ['{ type: replay, replay: { file: a.pcap } }', ['type', /did you mean kind\?$/]],
    ['{ pcap: a.pcap }', ['pcap', /unknown key "pcap"; did you mean replay\?$/]],
    ['{ kind: replay, path: a.pcap }', ['path', /did you mean replay\?$/]],
    [
      '{ kind: pcap, file: a.pcap }',
      ['kind', /unknown word "pcap"; expected one of udp, tcp, syn_flood, replay$/],
      ['file', /it in replay/],
    ],
    ['{ kind: replay, replay: a.pcap }', ['replay', /is "a.pcap"; expected a map with file, timing/]],
    ['{ replay: a.pcap }', ['replay', /is "a.pcap"; expected a map with file, timing/]],
    ['{ replay: { path: a.pcap } }', ['replay.path', /did you mean file\?$/]],
    ['{ replay: { file: a.pcap, timing: honored } }', ['replay.timing', /did you mean honoured\?$/]],
    ['{ replay: { file: a.pcap, loop: 3 } }', ['replay.loop', /did you mean loops\?$/]],
    ['{ kind: replay }', ['replay', /is missing; expected { file: capture.pcap }$/]],
  ])('%s', (stream, ...said) => {
    const faults = faultsOf(`device: { target: 10.0.0.2:8080 }\ntraffic: [${stream}]`)
      // There is no such file.
      .filter((fault) => fault.path !== 'traffic.stream0.replay.file');
    expect(faults.map(formatFault)).toHaveLength(said.length);
    for (const [index, [path, says]] of said.entries()) {
      expect(faults[index]?.path).toBe(`traffic.stream0.${path}`);
      expect(formatFault(faults[index] as never)).toMatch(says);
    }
  });
});

describe('places', () => {
  it('are the value, or the key where the key is the mistake', () => {
    const text = `name: x\n${ten}\nlink:\n  rate: 5ms\n  dealy: 1us\n`;
    expect(faultsOf(text).map(({ line, column }) => [line, column])).toEqual([
      [4, 9],
      [5, 3],
    ]);
  });

  it('lead into flow collections and aliases', () => {
    const text = 'traffic:\n  - &s { name: a, to: 10.0.0.2:1, rate: 1 }\n';
    expect(faultsOf(text)[0]).toMatchObject({ line: 2, column: 41, path: 'traffic.a.rate' });
  });

  it('point at the flag for --set', () => {
    const [fault] = faultsOf(ten, { sets: ['device.pool.sise=5'] });
    expect(formatFault(fault as never)).toBe(
      '--set device.pool.sise=5: device.pool.sise: unknown key "sise"; did you mean size?',
    );
  });
});

describe('all faults of a file come at once', () => {
  it('in the order of the file, faults of the schema and of the whole together', () => {
    const text = [
      'duration: 1s',
      'traffic:',
      '  - { name: a, to: 10.0.0.2:8080, rate: 5ms }',
      '  - { name: b, to: 10.0.0.2:8080, size: 9000 }',
      'nic: { rxDescriptors: 1000 }',
      'faults: [{ at: 0s, pause: { core: 7, for: 1ms } }]',
      'slo: { drps: 0 }',
    ].join('\n');
    expect(faultsOf(text).map((fault) => [fault.line, fault.path])).toEqual([
      [3, 'traffic.a.rate'],
      [4, 'traffic.b.size'],
      [5, 'nic.rxDescriptors'],
      [6, 'faults.0.pause.core'],
      [7, 'slo.drps'],
    ]);
  });

  it('without echoes: what follows from a mistake is not reported again', () => {
    expect(
      faultsOf('traffic: [{ name: a, to: 10.0.0.2 }]\ndevice: { target: 10.0.0.2:80 }').map(
        ({ path }) => path,
      ),
    ).toEqual(['traffic.a.to']);
    expect(
      faultsOf(`${ten}\ncore: { count: x }\nfaults: [{ at: 0s, pause: { core: 1, for: 1ms } }]`),
    ).toHaveLength(1);
    expect(faultsOf(`${ten}\nduration: 10GB\nwarmup: 5s`)).toHaveLength(1);
  });
});

describe('YAML', () => {
  it.each([
    ['', /is empty/],
    ['# nothing', /is empty/],
    ['- 1', /is not a scenario/],
    ['just words', /is not a scenario/],
    ['a: [1, 2', /not YAML/],
    ['a: 1\n b: 2', /not YAML/],
    ['\ta: 1', /not YAML/],
    ['a: "x', /not YAML/],
    [`${ten}\n---\nname: b`, /second document/],
    [`${ten}\nname: !!js/function x`, /tags/],
    [`${ten}\nname: !own x`, /tags/],
    [`${ten}\nname: *nobody`, /not YAML|no anchor/],
    [`${ten}\nlink: &a { rate: *a }`, /contains itself/],
    [`${ten}\n? [a, b]\n: 1`, /a key must be a plain word/],
    [`${'['.repeat(300)}${']'.repeat(300)}`, /levels deep/],
    [`${'- '.repeat(200)}1`, /levels deep/],
    [`${'- '.repeat(60_000)}1`, /levels deep/],
    ['['.repeat(100_000), /levels deep/],
    [`name: ${'x'.repeat(140_000)}`, /larger than 128 KiB/],
  ])('%.40s', (text, says) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(formatFault(faults[0] as never)).toMatch(says);
  });

  it('stops an alias bomb', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
    );
    const [fault, ...more] = faultsOf(`a0: &a0 [x]\n${levels.join('\n')}`);
    expect(more).toEqual([]);
    expect(fault?.message).toMatch(/more than 100000 values/);
  });

  it('names a key that stands twice, once, where it stands again', () => {
    expect(faultsOf(`${ten}\nseed: 1\nname: x\nseed: 2`).map(formatFault)).toEqual([
      's.yaml:4:1: the key "seed" stands here for the second time',
    ]);
  });

  it('reads anchors and JSON', () => {
    const anchored = 'traffic:\n  - { name: a, to: &t 239.1.1.1:8080 }\ndevice: { target: *t }';
    expect(parse(anchored).plan.device.target.port).toBe(8080);
    const json = JSON.stringify({ traffic: [{ to: '239.1.1.1:8080', rate: '1kpps' }] });
    expect(parse(json).plan.traffic[0]?.rate.rate).toBe(1000);
  });
});

describe('what is no fault of the scenario', () => {
  it('too little memory names the sizes to blame and exits with 4', () => {
    const text = `${ten}\ndevice: { pool: { size: 1000000000 }, connections: { capacity: 1000000 } }`;
    const attempt = () => parseScenario(text, { availableMemory: 2 ** 34 });
    expect(attempt).toThrow(RingbedError);
    expect(attempt).toThrow(
      /asks for 1\.4 TiB of memory and this machine has 16\.0 GiB free:\nscenario:2:25: device.pool.size: 1000000000 needs 1\.4 TiB$/,
    );
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: 'resource', exitCode: 4 });
      expect((error as RingbedError).message).not.toMatch(/capacity/);
      expect((error as RingbedError).hint).toContain('--set device.pool.size=1024');
    }
  });

  it('of several sizes the largest comes first, each with its place', () => {
    const text = `traffic:\n  - name: feed\n    to: 10.0.0.2:1\n    flows: 16_000_000\ndevice:\n  pool: { size: 2_000_000 }\n`;
    const attempt = () =>
      parseScenario(text, { file: 's.yaml', availableMemory: 2 ** 20, sets: ['nic.rxDescriptors=524288'] });
    expect(attempt).toThrow(
      [
        'the scenario asks for 5.8 GiB of memory and this machine has 1.0 MiB free:',
        's.yaml:6:17: device.pool.size: 2_000_000 needs 2.9 GiB',
        's.yaml:4:12: traffic.feed.flows: 16_000_000 needs 1.9 GiB',
        '--set nic.rxDescriptors=524288: nic.rxDescriptors: 524288 needs 1.0 GiB',
      ].join('\n'),
    );
  });

  it('is told, not thrown, where nothing is to run', () => {
    const loaded = parse(`${ten}\ndevice: { pool: { size: 1000000000 } }`);
    expect(loaded.shortOfMemory(2 ** 34)?.message).toMatch(/s\.yaml:2:25: device\.pool\.size/);
    expect(loaded.shortOfMemory(2 ** 50)).toBeUndefined();
  });
});
