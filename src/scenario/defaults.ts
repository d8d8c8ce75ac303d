// What a scenario leaves out. The defaults are written in the scenario's own language and merged into the
// tree before it is validated, so --explain shows them with their units and no value exists twice.
// Values that follow from others (the device's target from the first stream) say so in their origin.
import { referenceCosts } from './reference-costs.js';
import { formatIp, isMulticast, parseIp } from './schema/address.js';
import { tables } from './tables.js';
import {
  child,
  fillMissing,
  type ListNode,
  type MapNode,
  type Node,
  type Origin,
  type Plain,
  pathText,
  toPlain,
} from './tree.js';

const byDefault: Origin = { kind: 'default' };

const socket = { gso: false, gro: false, busyPoll: 'off', budget: 64 };

const network = {
  description: '',
  seed: 1,
  warmup: '0s',
  world: { kind: 'sim', interfaces: [] },
  link: {
    rate: '10Gbps',
    delay: '500ns',
    jitter: '0ns',
    loss: 0,
    duplicate: 0,
    reorder: { probability: 0, delay: '10us' },
    corrupt: 0,
    queue: 1024,
    mtu: 1500,
  },
  nic: {
    queues: 1,
    rxDescriptors: 1024,
    txDescriptors: 1024,
    coalesce: { usecs: 0, frames: 0 },
    multicastFilter: 'exact',
    dmaDelay: '0ns',
    checkFcs: true,
    rssKey: 'standard',
    retaSize: 128,
    bufferBytes: 2048,
  },
  core: { poll: 'busy', count: 1, batch: 32, budget: 64, noise: { rate: 0, length: '5us' } },
  faults: [],
  slo: {},
  generator: { engine: 'auto', socket: { ...socket } },
};

const device = {
  kind: 'nanonet',
  enabled: true,
  byteOrder: 'big',
  verifyChecksums: true,
  partialChecksums: 'auto',
  port: 'auto',
  socket: { ...socket },
  xdp: {
    mode: 'auto',
    copy: 'auto',
    busyPoll: 'auto',
    budget: 64,
    needWakeup: true,
    hugePages: 'auto',
    liveFrames: 'auto',
    hardwareStamps: 'auto',
  },
  pool: { size: 256, kind: 'fifo', bufferBytes: 1500 },
  connections: { buckets: 1024, kind: 'chained', capacity: 65_536, policy: 'reject', idleTimeout: '60s' },
};

const logics: Readonly<Record<string, { [key: string]: Plain }>> = {
  threshold: { priceBelowCents: 10_000, quantity: 100, orderCache: 16 },
  sample: { every: 10, quantity: 100, orderCache: 16 },
};
const anyLogic = { ...logics.threshold, ...logics.sample };

const classifier = {
  stages: [],
  maps: {},
  instruction: '0ns',
  swaps: 0,
  swapEvery: '0ns',
  options: { match: 'ring', otherwise: 'kernel', limit: 0, burst: 32, every: 0 },
};

const stream = { vlan: [], ttl: 64, dscp: 0, rate: '100kpps', start: '0s', flows: 1, udpChecksum: true };
const tcp = { concurrent: 16, dataSegments: 10, close: 'fin', handshake: 'full' };
const replay = { timing: 'honoured', speed: 1, loops: 1, rewrite: [] };
/** What NanoNet's own traffic generator sends. */
const messageFields = { symbol: 'AAPL', price: 9999, quantity: 1000, side: 0 };

/** Names the streams that have no name, so that --set can address them as reports and --explain do. */
export function nameStreams(root: MapNode): void {
  const traffic = child(root, 'traffic');
  for (const [index, item] of (traffic?.type === 'list' ? traffic.items : []).entries()) {
    if (item.type === 'map') fillMissing(item, { name: `stream${index}` }, byDefault);
  }
}

/** Completes the tree. Values of a wrong type are left alone: validation has the word on them. */
export function fillDefaults(root: MapNode): void {
  fillMissing(root, { name: 'unnamed' }, byDefault);
  if (!root.entries.has('packets') && !endsByItself(root)) fillMissing(root, { duration: '1s' }, byDefault);
  fillMissing(root, network, byDefault);
  fillCosts(root);
  nameStreams(root);
  const traffic = child(root, 'traffic');
  if (traffic?.type === 'list') {
    for (const [index, item] of traffic.items.entries()) {
      if (item.type === 'map') fillStream(item, index);
    }
  }
  const front = child(root, 'classifier');
  if (front?.type === 'map') fillMissing(front, classifier, byDefault);
  fillMissing(root, { device }, byDefault);
  const own = child(root, 'device');
  if (own?.type === 'map') fillDevice(root, own, traffic?.type === 'list' ? traffic : undefined);
}

/** Every stream has an end of its own: the run lasts until the last one. */
function endsByItself(root: MapNode): boolean {
  const traffic = child(root, 'traffic');
  return (
    traffic?.type === 'list' &&
    traffic.items.length > 0 &&
    traffic.items.every(
      (stream) =>
        stream.type === 'map' && ['packets', 'stop', 'replay'].some((key) => stream.entries.has(key)),
    )
  );
}

function fillCosts(root: MapNode): void {
  const changed = root.entries.has('costs');
  fillMissing(
    root,
    { costs: { ...referenceCosts, profile: changed ? 'reference, with changes' : 'reference' } },
    byDefault,
  );
}

function fillStream(item: MapNode, index: number): void {
  fillKind(item);
  const kind = text(child(item, 'kind'));
  fillMissing(item, stream, byDefault);
  if (kind === 'tcp') fillMissing(item, { tcp }, byDefault);
  if (kind === 'replay') {
    const scaled = child(child(item, 'replay'), 'speed') !== undefined;
    if (item.entries.has('replay')) {
      if (scaled)
        fillMissing(item, { replay: { timing: 'scaled' } }, { kind: 'derived', from: 'replay.speed' });
      fillMissing(item, { replay }, byDefault);
    }
    return;
  }
  const to = ipOf(child(item, 'to'));
  const host = to?.length === 16 ? '[2001:db8::1]' : '10.0.0.1';
  fillMissing(item, { from: `${host}:${40_000 + index}` }, byDefault);
  fillPayload(item, kind);
}

function fillKind(item: MapNode): void {
  const sign = ['replay', 'tcp'].find((key) => item.entries.has(key));
  if (sign === undefined) fillMissing(item, { kind: 'udp' }, byDefault);
  else fillMissing(item, { kind: sign }, { kind: 'derived', from: sign });
}

function fillPayload(item: MapNode, kind: string | undefined): void {
  if (kind === 'syn_flood') {
    fillMissing(item, { payload: { kind: 'zero' } }, byDefault);
    return;
  }
  const rows = tables().payloads;
  fillMissing(item, { payload: { kind: rows[0]?.name ?? 'random' } }, byDefault);
  const payload = child(item, 'payload');
  const row = rows.find((candidate) => candidate.name === text(child(payload, 'kind')));
  if (payload?.type !== 'map' || row === undefined) return;
  const settable = row.fields.filter((field) => field.settable).map((field) => field.name);
  const fields = Object.entries(messageFields).filter(([name]) => settable.includes(name));
  fillMissing(payload, { byteOrder: 'big', ...Object.fromEntries(fields) }, byDefault);
}

function fillDevice(root: MapNode, own: MapNode, traffic: ListNode | undefined): void {
  const first = traffic?.items.findIndex((item) => child(item, 'to') !== undefined) ?? -1;
  const source = traffic?.items[first];
  const from = pathText(root, ['traffic', first, 'to']);
  if (source !== undefined) {
    const to = child(source, 'to') as Node;
    fillMissing(own, { target: toPlain(to) }, { kind: 'derived', from });
    const session = text(child(source, 'kind')) === 'tcp' || text(child(source, 'kind')) === 'syn_flood';
    fillMissing(
      own,
      { protocol: session ? 'tcp' : 'udp' },
      { kind: 'derived', from: pathText(root, ['traffic', first, 'kind']) },
    );
  }
  fillMissing(own, { protocol: 'udp' }, byDefault);
  fillMissing(own, device, byDefault);
  fillLogic(own);
  fillAddresses(own);
}

function fillLogic(own: MapNode): void {
  fillMissing(own, { logic: { kind: 'threshold' } }, byDefault);
  const kind = text(child(child(own, 'logic'), 'kind'));
  if (kind !== undefined) fillMissing(own, { logic: logics[kind] ?? anyLogic }, byDefault);
}

function fillAddresses(own: MapNode): void {
  const target = ipOf(child(own, 'target'));
  const derived: Origin = { kind: 'derived', from: 'device.target' };
  const isGroup = target !== undefined && isMulticast(target);
  const isV6 = target?.length === 16;
  if (target !== undefined && !isGroup) fillMissing(own, { address: { ip: formatIp(target) } }, derived);
  else fillMissing(own, { address: { ip: isV6 ? '2001:db8::2' : '10.0.0.2' } }, byDefault);
  fillMissing(own, { join: isGroup ? [formatIp(target)] : [] }, isGroup ? derived : byDefault);
  fillMissing(own, { respondTo: isV6 ? '[2001:db8::1]:9999' : '10.0.0.1:9999' }, byDefault);
}

function text(node: Node | undefined): string | undefined {
  return node?.type === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** The IP of an endpoint in either of its forms. */
function ipOf(node: Node | undefined): Uint8Array | undefined {
  if (node?.type === 'map') return parseIp(text(child(node, 'ip')) ?? '');
  return parseIp((text(node) ?? '').replace(/:[^:]*$/, '').replace(/^\[|\]$/g, ''));
}
