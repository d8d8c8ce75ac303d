// What only the whole scenario shows: parts that contradict each other, addresses that nobody answers,
// frames that no link carries. Each finding names the place to change and, where a second place is
// involved, that too: a finding on values that are already known to be wrong would be an echo.

import { isImix, largestFrameOf, smallestFrameFor, tagBytes } from './frame-bytes.js';
import { metricsOf, resolveSlo } from './metrics.js';
import { isMulticast } from './schema/address.js';
import type { IssueParams } from './schema/kit.js';
import type { Scenario, StreamSpec } from './schema/scenario.js';
import type { ReplaySpec } from './schema/stream.js';
import type { Path } from './tree.js';

/** Reports a finding; `involved` are the other places that it follows from. */
export type Report = (path: Path, message: string, params?: IssueParams, involved?: readonly Path[]) => void;

/** What the user set himself; checks on defaults would blame nobody. */
export type IsGiven = (path: Path) => boolean;

export function checkScenario(scenario: Scenario, isGiven: IsGiven, report: Report): void {
  checkExtent(scenario, report);
  checkWorld(scenario, report);
  checkNames(scenario.traffic, report);
  for (const [index, stream] of scenario.traffic.entries())
    checkStream(scenario, stream, index, isGiven, report);
  checkDevice(scenario, isGiven, report);
  checkFaults(scenario, report);
  checkSlos(scenario, report);
}

function checkExtent(scenario: Scenario, report: Report): void {
  const { duration, packets, warmup, nic } = scenario;
  if (duration !== undefined && packets !== undefined) {
    report(['packets'], 'packets and duration exclude each other', { expected: 'one of them', key: true }, [
      ['duration'],
    ]);
  }
  if (duration !== undefined && warmup >= duration) {
    report(['warmup'], 'is as long as the run', { expected: 'less than duration' }, [['duration']]);
  }
  if (nic.retaSize < nic.queues) {
    report(
      ['nic', 'retaSize'],
      `is too small to name all ${nic.queues} queues`,
      { expected: 'at least nic.queues' },
      [['nic', 'queues']],
    );
  }
}

function checkWorld({ world }: Scenario, report: Report): void {
  if (world.kind === 'nic' && world.interfaces.length === 0) {
    report(['world'], 'names no interface', { expected: '{ kind: nic, interfaces: [IF] } or --on nic:IF' });
  }
  if (world.kind !== 'nic' && world.interfaces.length > 0) {
    report(['world', 'interfaces'], `has no meaning for kind ${world.kind}`, { expected: 'kind: nic' }, [
      ['world', 'kind'],
    ]);
  }
}

function checkNames(traffic: readonly StreamSpec[], report: Report): void {
  const first = new Map<string, number>();
  for (const [index, { name }] of traffic.entries()) {
    const other = first.get(name);
    if (other === undefined) first.set(name, index);
    else
      report(
        ['traffic', index, 'name'],
        `"${name}" names a second stream`,
        { expected: 'a name of its own' },
        [['traffic', other, 'name']],
      );
  }
}

/** Keys that a stream of the kind has no use for. */
const foreignKeys: Readonly<Record<StreamSpec['kind'], readonly string[]>> = {
  udp: ['replay', 'tcp'],
  tcp: ['replay', 'udpChecksum'],
  syn_flood: ['replay', 'tcp', 'size', 'payload', 'udpChecksum'],
  replay: ['from', 'to', 'size', 'payload', 'fields', 'tcp', 'vlan', 'flows', 'ttl', 'dscp', 'udpChecksum'],
};

function checkStream(
  scenario: Scenario,
  stream: StreamSpec,
  index: number,
  isGiven: IsGiven,
  report: Report,
): void {
  const at = (...steps: (string | number)[]): Path => ['traffic', index, ...steps];
  const { kind, start, stop } = stream;
  if (kind !== 'replay' && stream.to === undefined)
    report(at('to'), 'is missing', { expected: 'a destination such as 239.1.1.1:8080' }, [
      at('kind'),
      at('replay'),
    ]);
  if (kind === 'replay' && stream.replay === undefined)
    report(at('replay'), 'is missing', { expected: '{ file: capture.pcap }' });
  for (const word of foreignKeys[kind]) {
    if (isGiven(at(word))) report(at(word), `has no meaning for kind ${kind}`, { key: true }, [at('kind')]);
  }
  if (kind === 'replay' && stream.replay !== undefined) {
    const { timing } = stream.replay;
    const timed = (path: Path, wanted: ReplaySpec['timing']) => {
      if (timing === wanted || !isGiven(path)) return;
      const expected = `timing: ${wanted}`;
      report(path, `has no meaning for timing ${timing}`, { expected }, [at('replay', 'timing')]);
    };
    timed(at('replay', 'speed'), 'scaled');
    timed(at('rate'), 'ignored');
  }
  if (kind === 'udp' && stream.to?.ip.length === 16 && !stream.udpChecksum) {
    const expected = 'true: only IPv4 has UDP without a checksum';
    report(at('udpChecksum'), 'is false for a stream over IPv6', { expected }, [at('to')]);
  }
  if (stop !== undefined && stop <= start)
    report(at('stop'), 'lies before the start', { expected: 'a later time' }, [at('start')]);
  if (scenario.duration !== undefined && start >= scenario.duration) {
    report(at('start'), 'lies after the end of the run', { expected: 'less than duration' }, [['duration']]);
  }
  if (kind !== 'replay') checkFrame(scenario, stream, index, report);
}

function checkFrame(scenario: Scenario, stream: StreamSpec, index: number, report: Report): void {
  const at = (...steps: (string | number)[]): Path => ['traffic', index, ...steps];
  const { from, to } = stream;
  if (from === undefined || to === undefined) return;
  if (from.ip.length !== to.ip.length) {
    report(at('from'), 'is of another IP version than `to`', { expected: 'both IPv4 or both IPv6' }, [
      at('to'),
    ]);
    return;
  }
  if (isMulticast(from.ip)) report(at('from'), 'a group cannot send', { expected: 'a unicast address' });
  checkHeaderFields(stream, index, report);

  const least = smallestFrameFor(stream);
  const fixedOrMin =
    stream.size?.kind === 'UNIFORM' ? stream.size.min : Math.min(...(stream.size?.choices ?? [least]));
  if (fixedOrMin < least && !isImix(stream)) {
    report(
      at('size'),
      `${fixedOrMin} bytes do not hold headers and payload`,
      { expected: `at least ${least}` },
      [at('payload'), at('vlan')],
    );
  }
  const largest = largestFrameOf(stream);
  const packet = largest - 14 - tagBytes(stream);
  const where = stream.size === undefined ? at('payload') : at('size');
  const { mtu } = scenario.link;
  const { bufferBytes } = scenario.nic;
  if (packet > mtu) {
    const buffer = largest > bufferBytes ? ` and nic.bufferBytes of at least ${largest}` : '';
    const params = {
      expected: `at most ${mtu + 14 + tagBytes(stream)}, or link.mtu of at least ${packet}${buffer}`,
    };
    report(where, `frames of ${largest} bytes pass the MTU`, params, [
      ['link', 'mtu'],
      ['nic', 'bufferBytes'],
    ]);
  } else if (largest > bufferBytes) {
    const params = { expected: `nic.bufferBytes of at least ${largest}` };
    report(where, `frames of ${largest} bytes do not fit the receive buffer`, params, [
      ['nic', 'bufferBytes'],
    ]);
  }
}

/** A field of a header that the stream's frames do not have. */
function checkHeaderFields(stream: StreamSpec, index: number, report: Report): void {
  const transport = stream.kind === 'udp' ? 'udp' : 'tcp';
  const network = stream.to?.ip.length === 16 ? 'ipv6' : 'ipv4';
  const headers = ['ethernet', network, transport, ...(stream.vlan.length > 0 ? ['vlan'] : [])];
  for (const { field } of stream.fields ?? []) {
    if (headers.includes(field.split('.')[0] ?? '')) continue;
    const path = ['traffic', index, 'fields', field];
    const involved = [
      ['traffic', index, 'kind'],
      ['traffic', index, 'to'],
      ['traffic', index, 'vlan'],
    ];
    report(
      path,
      'is no field of this stream',
      { expected: `a field of ${headers.join(', ')}`, key: true },
      involved,
    );
  }
}

function checkDevice(scenario: Scenario, isGiven: IsGiven, report: Report): void {
  const { device } = scenario;
  const { target } = device;
  // The type says otherwise, but a replay alone leaves nothing to derive it from.
  if (target === undefined) {
    const untold = ({ kind, to, replay }: StreamSpec) => (kind === 'replay' ? replay : to) === undefined;
    if (scenario.traffic.some(untold)) return; // said of the stream
    const expected = 'an address such as 239.1.1.1:8080: a replay alone does not tell';
    // Where a stream said to whom, but wrongly, that is the mistake.
    const streams = scenario.traffic.map((_, index) => ['traffic', index, 'to']);
    report(['device', 'target'], 'is missing', { expected }, streams);
    return;
  }
  if (device.respondTo !== 'source' && device.respondTo.ip.length !== target.ip.length) {
    report(['device', 'respondTo'], 'is of another IP version than the target', {}, [['device', 'target']]);
  }
  if (device.address.ip !== undefined && device.address.ip.length !== target.ip.length) {
    report(['device', 'address'], 'is of another IP version than the target', {}, [['device', 'target']]);
  }
  if (device.mac !== undefined && device.address.mac !== undefined) {
    report(['device', 'mac'], 'stands in device.address too', { expected: 'one of them', key: true }, [
      ['device', 'address', 'mac'],
    ]);
  }
  if (device.protocol === 'tcp' && (isMulticast(target.ip) || device.join.length > 0)) {
    // Where nobody wrote the protocol, the stream that it was derived from is the one to change.
    const stream = scenario.traffic.findIndex(({ kind }) => kind !== 'udp');
    const derived = !isGiven(['device', 'protocol']) && stream >= 0;
    report(
      derived ? ['traffic', stream, 'kind'] : ['device', 'protocol'],
      'TCP has no multicast, and the device answers to a group',
      { expected: 'device.protocol: udp, or a unicast target without device.join' },
      [
        ['device', 'target'],
        ['device', 'join'],
      ],
    );
  }
  for (const [index, group] of device.join.entries()) {
    if (!isMulticast(group))
      report(['device', 'join', index], 'is no multicast group', { expected: 'a group such as 239.1.1.1' });
  }
}

function checkFaults(scenario: Scenario, report: Report): void {
  const { core, nic, duration } = scenario;
  for (const [index, fault] of scenario.faults.entries()) {
    if (fault.kind === 'PAUSE' && fault.core >= core.count) {
      const expected = core.count === 1 ? 'core 0, the only one' : `a core from 0 to ${core.count - 1}`;
      report(['faults', index, 'pause', 'core'], `there is no core ${fault.core}`, { expected }, [
        ['core', 'count'],
      ]);
    }
    if (fault.kind === 'STALL' && fault.queue >= nic.queues) {
      const expected = nic.queues === 1 ? 'queue 0, the only one' : `a queue from 0 to ${nic.queues - 1}`;
      report(['faults', index, 'stall', 'queue'], `there is no queue ${fault.queue}`, { expected }, [
        ['nic', 'queues'],
      ]);
    }
    if (duration !== undefined && fault.atNs >= duration) {
      report(['faults', index, 'at'], 'lies after the end of the run', { expected: 'less than duration' }, [
        ['duration'],
      ]);
    }
  }
}

function checkSlos(scenario: Scenario, report: Report): void {
  const written = Object.entries(scenario.slo);
  if (written.length === 0) return;
  const units = metricsOf(scenario);
  const streams = scenario.traffic.map((_, index): Path => ['traffic', index, 'name']);
  const namesOfMetrics: Path[] = [...streams, ['nic', 'queues'], ['core', 'count']];
  for (const [metric, spec] of written) {
    const outcome = resolveSlo(metric, spec, units);
    if ('problem' in outcome) {
      report(['slo', metric], outcome.problem, outcome, namesOfMetrics);
    }
  }
}
