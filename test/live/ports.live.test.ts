// One scenario through every port backend, at either end: the same frames get the same answers, and what a
// backend cannot carry is refused by name. Nothing here depends on how fast or how quiet the machine is.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ringbed, root, scenario } from '../e2e/cli.js';
import { functional, gentle, missingHere, type Report, report } from '../support/live-report.js';

const missing = missingHere(['ip', 'unshare']);
const slow = [...gentle, '--set', 'traffic.feed.rate=10kpps'];
const golden = (name: string) => join(root, 'scenarios', name);
const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);

function refusal(path: string, ...values: string[]) {
  const { status, stderr } = ringbed(['run', path, '--on', 'veth', '--quiet', ...set(...values)]);
  return { status, stderr };
}
const dropsOf = (run: Report) => Object.fromEntries(run.drops.map(({ reason, count }) => [reason, count]));

describe.skipIf(missing !== undefined)('ports of a live world', () => {
  it.each(['nanonet-unicast.yaml', 'nanonet-multicast.yaml'])(
    '%s is the same through all of them',
    (name) => {
      const few = [...slow, ...set('packets=2000')];
      const sim = functional(report(golden(name), 'sim', ...few));
      for (const [port, engine] of [
        ['xdp', 'xdp'],
        ['packet', 'xdp'],
        ['socket', 'xdp'],
        ['xdp', 'packet'],
        ['xdp', 'socket'],
        ['socket', 'socket'],
      ]) {
        const choice = set(`device.port=${port}`, `generator.engine=${engine}`);
        const live = report(golden(name), 'veth', ...few, ...choice);
        expect({ port, engine, run: functional(live) }).toEqual({ port, engine, run: sim });
        expect(live.conserved).toBe(true);
        expect(live.world.ports).toMatchObject([
          { end: 'generator', backend: engine },
          { end: 'device', backend: port },
        ]);
      }
    },
  );

  it.each([
    ['xdp', 'packet'],
    ['packet', 'xdp'],
    ['packet', 'packet'],
  ])('frames that no stack would take are the same through %s, sent by %s', (port, engine) => {
    const path = scenario('', { duration: '100ms' });
    const stream = (name: string, more: string) =>
      `{ name: ${name}, to: 10.0.0.2:8080, rate: 5kpps, packets: 100, ${more} }`;
    const traffic = set(
      `traffic=[${[
        stream('tagged', 'vlan: 7'),
        stream('twice', 'vlan: [200, 100]'),
        stream('six', 'fields: { ethernet.type: 34525 }'),
        stream('unknown', 'fields: { ethernet.type: 35000 }'),
      ].join(', ')}]`,
    );
    const ends = set(`device.port=${port}`, `generator.engine=${engine}`);
    const live = report(path, 'veth', ...traffic, ...ends);
    expect(functional(live)).toEqual(functional(report(path, 'sim', ...traffic)));
    expect(live.conserved).toBe(true);
  });

  it.each(['xdp', 'socket'])('answers to where a request came from, sent by %s', (engine) => {
    const path = scenario('  respondTo: source\n', { duration: '100ms' });
    const live = report(path, 'veth', ...slow, ...set(`generator.engine=${engine}`, 'traffic.feed.flows=16'));
    const sim = report(path, 'sim', ...slow, ...set('traffic.feed.flows=16'));
    expect(functional(live)).toEqual(functional(sim));
    expect(live.packets.responses).toBeGreaterThan(0);
  });

  it('sends and receives datagrams in rows where the sockets are told to', () => {
    const path = scenario('', { duration: '100ms' });
    const rows = set(
      'traffic.feed.rate={ burst: { rate: 2Mpps, on: 20us, off: 2ms } }',
      'device.port=socket',
      'device.socket={ gso: true, gro: true, busyPoll: 50us, budget: 16 }',
      'generator.engine=socket',
      'generator.socket={ gso: true, gro: true }',
    );
    const live = report(path, 'veth', ...gentle, ...rows);
    expect(functional(live)).toEqual(functional(report(path, 'sim', ...gentle, ...rows)));
    expect(live.conserved).toBe(true);
    expect(live.packets.responses).toBeGreaterThan(0);
    expect(live.world.ports.map(({ mode }) => mode)).toEqual([
      'kernel UDP, recvmmsg and sendmmsg, GSO, GRO',
      'kernel UDP, recvmmsg and sendmmsg, GSO, GRO, busy polling 50 us',
    ]);
  });

  it.each([
    ['unicast', '[2001:db8::2]:8080', ''],
    ['multicast', '[ff15::239:1]:8080', '  join: ["ff15::239:1"]\n'],
  ])('carries IPv6 %s through sockets at either end', (_, target, join) => {
    const path = scenario(`  address: "2001:db8::2"\n${join}`, { duration: '100ms' });
    const v6 = set(
      'traffic.feed.from="[2001:db8::1]:40000"',
      `traffic.feed.to="${target}"`,
      `device.target="${target}"`,
      'device.respondTo="[2001:db8::1]:9999"',
    );
    const sim = functional(report(path, 'sim', ...slow, ...v6));
    for (const [port, engine] of [
      ['socket', 'xdp'],
      ['xdp', 'socket'],
      ['socket', 'socket'],
    ]) {
      const choice = set(`device.port=${port}`, `generator.engine=${engine}`);
      const live = report(path, 'veth', ...slow, ...v6, ...choice);
      expect({ port, engine, run: functional(live) }).toEqual({ port, engine, run: sim });
      expect(live.conserved).toBe(true);
      expect(live.packets.responses).toBeGreaterThan(0);
    }
  });

  it('books what the stack refuses of IPv6', () => {
    const path = scenario('  address: "2001:db8::2"\n  port: socket\n', { duration: '100ms' });
    const v6 = set(
      'device.target="[2001:db8::2]:8080"',
      'device.respondTo="[2001:db8::1]:9999"',
      'traffic=[{ name: feed, from: "[2001:db8::1]:40000", to: "[2001:db8::2]:8080", rate: 5kpps, packets: 100 }, { name: stray, from: "[2001:db8::1]:40001", to: "[2001:db8::2]:9", rate: 5kpps, packets: 100 }]',
    );
    const live = report(path, 'veth', ...gentle, ...v6);
    expect(dropsOf(live)).toEqual({ socket_no_port: 100 });
    expect(live.packets).toMatchObject({ offered: 200, received: 100 });
    expect(live.conserved).toBe(true);
  });

  it('spreads flows over sockets as over queues', () => {
    const path = scenario('nic: { queues: 2 }\ncore: { count: 2 }\n', { duration: '100ms' });
    const choice = set('device.port=socket', 'traffic.feed.flows=32');
    const { packets, conserved } = report(path, 'veth', ...slow, ...choice);
    expect(packets).toEqual(report(path, 'sim', ...slow, ...choice).packets);
    expect(conserved).toBe(true);
  });

  it.each(['xdp', 'packet', 'socket'])('%s under more than it can take accounts for every frame', (port) => {
    const path = scenario('faults: [{ at: 20ms, pause: { core: 0, for: 60ms } }]\n', { duration: '100ms' });
    const live = report(path, 'veth', ...set(`device.port=${port}`, 'nic.rxDescriptors=64'));
    expect(live.conserved).toBe(true);
    const reason = port === 'socket' ? 'socket_buffer_full' : 'rx_ring_full';
    expect(dropsOf(live)[reason]).toBeGreaterThan(100);
  });
});

describe.skipIf(missing !== undefined)('the kernel stack in front of a socket', () => {
  // 100 datagrams for the device, 100 of another stream.
  it.each([
    ['a port without a socket', '10.0.0.2:9', 'socket_no_port', ''],
    ['an address of somebody else', '10.0.0.77:8080', 'stack_address', ''],
    ['a group that was not joined', '239.9.9.9:8080', 'stack_address', ''],
    ['a MAC of somebody else', '{ ip: 10.0.0.2, port: 8080, mac: "02:00:00:00:00:99" }', 'mac_filter', ''],
    ['a wrong checksum', '10.0.0.2:8080', 'udp_checksum', ', fields: { udp.checksum: 1 }'],
    ['a wrong header', '10.0.0.2:8080', 'stack_header', ', fields: { ipv4.checksum: 1 }'],
    ['another protocol', '10.0.0.2:8080', 'stack_protocol', ', fields: { ipv4.protocol: 253 }'],
  ])('refuses %s, and the books say so', (_, to, reason, more) => {
    const path = scenario('  port: socket\n', { duration: '100ms' });
    const stray = `traffic=[{ name: feed, to: "10.0.0.2:8080", rate: 5kpps, packets: 100 }, { name: stray, to: ${
      to.startsWith('{') ? to : `"${to}"`
    }, rate: 5kpps, packets: 100${more} }]`;
    const live = report(path, 'veth', ...gentle, ...set(stray));
    expect(dropsOf(live)).toEqual({ [reason]: 100 });
    expect(live.packets).toMatchObject({ offered: 200, received: 100, processed: 100 });
    expect(live.conserved).toBe(true);
  });
});

describe.skipIf(missing !== undefined)('what a backend cannot carry', () => {
  it.each([
    ['TCP to a socket', 'nanonet-tcp.yaml', ['device.port=socket'], /device.port 'socket'.*tcp/],
    ['a capture to a socket', 'capture-replay.yaml', ['device.port=socket'], /not a UDP stream/],
    ['TCP from a socket', 'nanonet-tcp.yaml', ['generator.engine=socket'], /generator.engine 'socket'.*tcp/],
    ['VLAN tags', 'nanonet-unicast.yaml', ['device.port=socket', 'traffic.feed.vlan=7'], /VLAN/],
    [
      'IPv4 and IPv6 together',
      'nanonet-unicast.yaml',
      ['device.port=socket', 'traffic.feed.from="[2001:db8::1]:1"', 'traffic.feed.to="[2001:db8::2]:8080"'],
      /stream 'feed' is not IPv4, as the device is/,
    ],
    [
      'too many flows for an engine',
      'nanonet-unicast.yaml',
      ['generator.engine=socket', 'traffic.feed.flows=2000'],
      /1024 at most.*feed/,
    ],
  ])('is refused: %s', (_, name, values, says) => {
    const { status, stderr } = refusal(golden(name), ...values);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/packet, xdp/);
    expect(status).toBe(2);
  });
});

describe.skipIf(missing !== undefined)('device.xdp', () => {
  const device = (...values: string[]) =>
    report(scenario('', { duration: '100ms' }), 'veth', ...slow, ...set(...values)).world.ports[1]?.mode;

  it.each([
    ['native', /^native, copy, need_wakeup/],
    ['generic', /^generic, copy, need_wakeup/],
    ['auto', /^(native|generic), copy/],
  ])('mode %s is what the report says', (mode, says) => {
    expect(device(`device.xdp.mode=${mode}`)).toMatch(says);
  });

  // Bursts long enough to leave that way, with pauses in which they are worked off.
  it.each(['xdp', 'packet', 'kernel'])('live frames are the same answers, asked by %s', (engine) => {
    const bursts = set('traffic.feed.rate={ burst: { rate: 5Mpps, on: 10us, off: 10ms } }', 'packets=2000');
    const path = scenario('  logic: { priceBelowCents: 20000 }\n', { duration: '100ms' });
    const sim = functional(report(path, 'sim', ...bursts));
    for (const choice of ['on', 'off']) {
      const values = set(`device.xdp.liveFrames=${choice}`, `generator.engine=${engine}`);
      const live = report(path, 'veth', ...gentle, ...bursts, ...values);
      expect(functional(live)).toEqual(sim);
      expect(live.packets.responses).toBe(2000);
      expect(live.world.ports[1]?.mode.includes('live frames')).toBe(choice === 'on');
    }
  });

  it('hardware stamps are refused where the NIC has no clock', () => {
    const { status, stderr } = refusal(scenario(), 'device.xdp.hardwareStamps=on');
    expect(stderr).toMatch(/no hardware timestamps: the driver of rb\w+ answers .* has no clock/);
    expect(stderr).toContain('leave device.xdp.hardwareStamps out');
    expect(status).toBe(4);
  });

  it('live frames are refused where there are several queues', () => {
    const { status, stderr } = refusal(scenario(), 'nic.queues=2', 'device.xdp.liveFrames=on');
    expect(stderr).toMatch(/live frames cannot choose the queue.*nic.queues: 1/s);
    expect(status).toBe(4);
  });

  it('says what was wished and not found', () => {
    expect(device('device.xdp.busyPoll=50us')).toMatch(/busy polling/);
    expect(device('device.xdp.needWakeup=false')).not.toMatch(/need_wakeup/);
    const { status, stderr } = refusal(scenario(), 'device.xdp.copy=zero-copy');
    expect(stderr).toMatch(/hint: .*zero-copy.*copy mode/);
    expect(status).toBe(4);
  });

  it.each(['native', 'generic'])('jumbo frames come in pieces in mode %s', (mode) => {
    const values = set('packets=500', 'traffic.bulk.rate=2kpps', `device.xdp.mode=${mode}`);
    const live = report(golden('jumbo.yaml'), 'veth', ...gentle, ...values);
    const sim = report(golden('jumbo.yaml'), 'sim', ...gentle, ...values);
    expect(live.packets).toEqual(sim.packets);
    expect(live.conserved).toBe(true);
  });
});
