// The validated scenario, defaults and all, as a plan: base units, addresses as bytes, names resolved.

import type { Fingerprint } from './files.js';
import { frameSizes } from './frame-bytes.js';
import { metricsOf, resolveSlo } from './metrics.js';
import type { Classifier, Device, Endpoint, Plan, Slo, SocketPort, Stream, XdpPort } from './plan.js';
import { type EndpointText, hasOwnMac, macFor } from './schema/address.js';
import type { ClassifierSpec, DeviceSpec, Scenario, StreamSpec } from './schema/scenario.js';

/** What the scenario's files turned out to be. */
export interface Files {
  /** By index of the stream. */
  readonly replays: ReadonlyMap<number, Fingerprint>;
  /** The classifier's object; undefined: there is none. */
  readonly object: Fingerprint | undefined;
}

export function compile(scenario: Scenario, files: Files): Plan {
  const { link, nic, core } = scenario;
  const device = compileDevice(scenario.device);
  return {
    name: scenario.name,
    description: scenario.description,
    seed: scenario.seed,
    durationNs: scenario.duration ?? 0,
    packets: scenario.packets ?? 0,
    warmupNs: scenario.warmup,
    world: { kind: upper(scenario.world.kind), interfaces: scenario.world.interfaces, allowed: [] },
    link: {
      rateBps: link.rate,
      delayPs: link.delay,
      jitter: link.jitter,
      loss: link.loss,
      duplicate: link.duplicate,
      reorder: link.reorder.probability,
      reorderDelayPs: link.reorder.delay,
      corrupt: link.corrupt,
      queueFrames: link.queue,
      mtuBytes: link.mtu,
    },
    nic: {
      queues: nic.queues,
      rxDescriptors: nic.rxDescriptors,
      txDescriptors: nic.txDescriptors,
      coalescePs: nic.coalesce.usecs,
      coalesceFrames: nic.coalesce.frames,
      multicastFilter: upper(nic.multicastFilter),
      dmaDelayPs: nic.dmaDelay,
      checkFcs: nic.checkFcs,
      rssKey: nic.rssKey,
      retaSize: nic.retaSize,
      bufferBytes: nic.bufferBytes,
    },
    core: {
      poll: upper(core.poll),
      count: core.count,
      batch: core.batch,
      budget: core.budget,
      noise: { rateHz: core.noise.rate, length: core.noise.length },
    },
    traffic: scenario.traffic.map((stream, index) => compileStream(stream, device, files.replays.get(index))),
    classifier:
      scenario.classifier === undefined ? null : compileClassifier(scenario.classifier, files.object),
    device,
    costs: scenario.costs,
    faults: scenario.faults,
    slo: compileSlos(scenario),
    generator: {
      engine: scenario.generator.engine === 'auto' ? '' : scenario.generator.engine,
      socket: compileSocket(scenario.generator.socket),
    },
  };
}

function upper<W extends string>(word: W): Uppercase<W> {
  return word.toUpperCase() as Uppercase<W>;
}

function compileSlos(scenario: Scenario): Slo[] {
  const written = Object.entries(scenario.slo);
  if (written.length === 0) return [];
  const metrics = metricsOf(scenario);
  return written.flatMap(([metric, spec]) => {
    const outcome = resolveSlo(metric, spec, metrics);
    return 'value' in outcome ? [outcome.value] : [];
  });
}

function compileClassifier(spec: ClassifierSpec, object: Fingerprint | undefined): Classifier {
  const { options } = spec;
  return {
    object: object?.path ?? '',
    objectSha256: object?.sha256 ?? new Uint8Array(),
    stages: spec.stages,
    program: spec.program ?? '',
    type: spec.type ?? '',
    progArray: spec.progArray ?? '',
    maps: Object.entries(spec.maps)
      .map(([name, { maxEntries }]) => ({ name, maxEntries }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    instructionFemtoseconds: spec.instruction,
    swaps: spec.swaps,
    swapEveryNs: spec.swapEvery,
    options: {
      match: upper(options.match),
      otherwise: upper(options.otherwise),
      limitPps: options.limit,
      limitBurst: options.burst,
      sampleEvery: options.every,
    },
  };
}

function compileDevice(spec: DeviceSpec): Device {
  const ownIp = spec.address.ip ?? spec.target.ip;
  const ownMac = spec.mac ?? spec.address.mac ?? macFor(ownIp);
  const { pool, connections, logic, respondTo } = spec;
  return {
    kind: spec.kind,
    address: { mac: ownMac, ip: ownIp, port: 0 },
    target: endpoint(spec.target, ownMac),
    protocol: spec.protocol === 'udp' ? 17 : 6,
    // Empty: the request's own. A response goes back to the MAC that it came from unless one is named.
    respondTo:
      respondTo === 'source'
        ? { mac: new Uint8Array(), ip: new Uint8Array(), port: 0 }
        : { mac: respondTo.mac ?? new Uint8Array(), ip: respondTo.ip, port: respondTo.port },
    join: spec.join,
    littleEndian: spec.byteOrder === 'little',
    verifyChecksums: spec.verifyChecksums,
    pool,
    connections: {
      kind: connections.kind,
      buckets: connections.buckets,
      capacity: connections.capacity,
      policy: connections.policy === 'reject' ? 'REJECT_NEW' : 'EVICT_OLDEST',
      idleTimeoutNs: connections.idleTimeout,
    },
    logic: {
      kind: logic.kind,
      priceBelowCents: logic.priceBelowCents ?? 0,
      quantity: logic.quantity ?? 0,
      orderCache: logic.orderCache ?? 0,
      every: logic.every ?? 0,
    },
    enabled: spec.enabled,
    port: spec.port === 'auto' ? '' : spec.port,
    xdp: compileXdp(spec.xdp),
    socket: compileSocket(spec.socket),
    partialChecksums: upper(spec.partialChecksums),
  };
}

function compileSocket({ gso, gro, busyPoll, budget }: DeviceSpec['socket']): SocketPort {
  return { gso, gro, busyPollUs: busyPoll === 'off' ? 0 : Math.ceil(busyPoll / 1000), budget };
}

const modes = { auto: 'ANY_MODE', native: 'NATIVE', generic: 'GENERIC' } as const;
const copies = { auto: 'ANY_COPY', 'zero-copy': 'ZERO_COPY', copy: 'COPY' } as const;

function compileXdp(spec: DeviceSpec['xdp']): XdpPort {
  const { busyPoll } = spec;
  return {
    mode: modes[spec.mode],
    copy: copies[spec.copy],
    busyPoll: typeof busyPoll === 'number' ? 'ON' : upper(busyPoll),
    busyPollUs: typeof busyPoll === 'number' ? Math.ceil(busyPoll / 1000) : 0,
    budget: spec.budget,
    needWakeup: spec.needWakeup,
    hugePages: upper(spec.hugePages),
    liveFrames: upper(spec.liveFrames),
    hardwareStamps: upper(spec.hardwareStamps),
  };
}

/** Where no MAC is written, a group has its own and every other address is reached through `hop`. */
function endpoint(spec: EndpointText, hop: Uint8Array): Endpoint {
  return { mac: spec.mac ?? (hasOwnMac(spec.ip) ? macFor(spec.ip) : hop), ip: spec.ip, port: spec.port };
}

const handshakes = { full: 'FULL', syn: 'SYN_ONLY', none: 'NO_HANDSHAKE' } as const;

function compileStream(spec: StreamSpec, device: Device, file: Fingerprint | undefined): Stream {
  const { from, to, payload, tcp, replay } = spec;
  const isReplay = spec.kind === 'replay';
  return {
    name: spec.name,
    kind: upper(spec.kind),
    from: from === undefined || isReplay ? null : endpoint(from, macFor(from.ip)),
    to: to === undefined || isReplay ? null : endpoint(to, device.address.mac),
    vlans: spec.vlan,
    ttl: spec.ttl,
    dscp: spec.dscp,
    rate: spec.rate,
    payload:
      payload === undefined || isReplay
        ? null
        : {
            kind: payload.kind,
            littleEndian: payload.byteOrder === 'little',
            data: payload.data,
            size: frameSizes(spec),
            fields: payload.fields,
          },
    fields: spec.fields ?? [],
    startNs: spec.start,
    stopNs: spec.stop ?? 0,
    packets: spec.packets ?? 0,
    flows: spec.flows,
    tcp:
      tcp === undefined || spec.kind !== 'tcp'
        ? null
        : {
            concurrent: tcp.concurrent,
            dataSegments: tcp.dataSegments,
            close: upper(tcp.close),
            handshake: handshakes[tcp.handshake],
          },
    replay:
      replay === undefined || file === undefined
        ? null
        : {
            file: file.path,
            fileSha256: file.sha256,
            timing: upper(replay.timing),
            speed: replay.speed,
            loops: replay.loops,
            rewrite: replay.rewrite,
          },
    udpChecksum: spec.udpChecksum,
  };
}
