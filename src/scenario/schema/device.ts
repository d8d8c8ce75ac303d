// The schema of the device under test. Kinds come from the addon's tables.
import { names, type Tables } from '../tables.js';
import { type EndpointText, endpoint, ipAddress, macAddress } from './address.js';
import {
  describe,
  either,
  isMap,
  key,
  list,
  map,
  maybe,
  object,
  type Shape,
  type Type,
  typed,
} from './kit.js';
import { tableName } from './network.js';
import { bytes, count, flag, timeIn, unknownWord, word } from './scalars.js';
import { socket } from './socket.js';
import { byteOrder } from './stream.js';

export const deviceKinds = ['nanonet'] as const;

const uint32 = 4_294_967_295;
/** The native core's limit for buffers and connections. */
const mostItems = 2 ** 30;

export interface LogicSpec {
  readonly kind: string;
  readonly priceBelowCents?: number;
  readonly quantity?: number;
  readonly orderCache?: number;
  readonly every?: number;
}

/** Every option of a decision logic, and which logic has which; a logic without a row may have them all. */
const logicOptions = {
  priceBelowCents: key(count({ max: uint32 }, 'cents'), 'buy below this price, in cents'),
  quantity: key(count({ min: 1, max: uint32 }, 'a quantity'), 'of an order'),
  orderCache: key(count({ max: 16_777_216 }, 'orders'), 'last orders kept; 0: none'),
  every: key(count({ min: 1, max: uint32 }, 'messages'), 'one order in so many messages'),
};
type LogicOption = keyof typeof logicOptions;
const optionsOf: Readonly<Record<string, readonly LogicOption[]>> = {
  threshold: ['priceBelowCents', 'quantity', 'orderCache'],
  sample: ['every', 'quantity', 'orderCache'],
};

export function optionsOfLogic(kind: string): readonly LogicOption[] {
  return optionsOf[kind] ?? (Object.keys(logicOptions) as LogicOption[]);
}

function logic(tables: Tables): Type<LogicSpec> {
  const kinds = names(tables.logics);
  const branches = kinds.map((kind) => {
    const options = Object.fromEntries(
      optionsOfLogic(kind).map((option) => [option, logicOptions[option]]),
    ) as Shape;
    return typed(
      object({ kind: key(word([kind]), 'how the device decides'), ...options }, `a ${kind} logic`),
    ) as Type<LogicSpec>;
  });
  return either(branches, (value) => {
    if (!isMap(value))
      return {
        problem: value === null ? 'is empty' : `is ${describe(value)}`,
        expected: 'a map with `kind`',
      };
    if (value.kind === undefined) return Math.max(0, kinds.indexOf('threshold'));
    const index = kinds.indexOf(value.kind as string);
    return index >= 0 ? index : { ...unknownWord(value.kind, kinds, 'logic'), at: 'kind' };
  });
}

/** `source`: the request's own source address and port. */
export type RespondTo = EndpointText | 'source';

function respondTo(): Type<RespondTo> {
  return either<RespondTo>([word(['source'] as const), endpoint()], (value) => (value === 'source' ? 0 : 1));
}

function address() {
  const full = typed(
    object({
      ip: maybe(ipAddress(), "the device's own address"),
      mac: maybe(macAddress(), 'default: derived from the IP'),
    }),
  );
  const short = map(
    ipAddress(),
    (ip) => ({ ip }) as { ip?: Uint8Array | undefined; mac?: Uint8Array | undefined },
  );
  return either([short, full as typeof short], (value) => (isMap(value) ? 1 : 0));
}

function join(): Type<Uint8Array[]> {
  const group = ipAddress();
  const one = map(group, (ip) => [ip]);
  return either<Uint8Array[]>([one, list(group, 'a list of groups', 0, 4096)], (value) =>
    Array.isArray(value) ? 1 : 0,
  );
}

/** `auto`, `off`, or how long a poll may spin in the kernel, in nanoseconds. */
function busyPoll(): Type<'auto' | 'off' | number> {
  const time = map(timeIn('ns', { min: 1_000, max: 1e9 }), (ns) => ns as 'auto' | 'off' | number);
  return either<'auto' | 'off' | number>([word(['auto', 'off'] as const), time], (value) =>
    value === 'auto' || value === 'off' ? 0 : 1,
  );
}

function xdp() {
  return object({
    mode: key(word(['auto', 'native', 'generic'] as const), 'XDP in the driver, or in front of the stack'),
    copy: key(
      word(['auto', 'zero-copy', 'copy'] as const),
      'whether the driver works on the frames in place',
    ),
    busyPoll: key(busyPoll(), 'the device drives the driver itself: auto, off, or for so long'),
    budget: key(count({ min: 1, max: 65_535 }, 'frames'), 'frames a busy poll'),
    needWakeup: key(flag(), 'call the kernel only when it asks for it'),
    hugePages: key(word(['auto', 'on', 'off'] as const), 'under the frames; auto: where there are some'),
    liveFrames: key(
      word(['auto', 'on', 'off'] as const),
      'bursts leave by an eBPF program in the kernel, not through the socket; auto: on a fast veth pair',
    ),
    hardwareStamps: key(
      word(['auto', 'on', 'off'] as const),
      "frames arrive when the NIC's own clock says so; auto: where the driver and its clock can tell",
    ),
  });
}

export function device(tables: Tables) {
  return object(
    {
      kind: key(word(deviceKinds), 'of the device'),
      enabled: key(flag(), 'false: every packet is bypassed'),
      protocol: key(word(['udp', 'tcp'] as const), 'what the device answers to'),
      target: key(endpoint(), 'the address and port it answers to: its own or a group'),
      address: key(address(), "the device's own address"),
      mac: maybe(macAddress(), "the device's own MAC; default: derived from its address"),
      join: key(join(), 'multicast groups to join'),
      respondTo: key(respondTo(), 'where responses go: IP:PORT, or source'),
      byteOrder: key(byteOrder(), 'in which it reads payloads'),
      verifyChecksums: key(flag(), 'drop packets with a wrong checksum'),
      partialChecksums: key(
        word(['auto', 'on', 'off'] as const),
        'take a checksum that a sender left to its NIC as right; auto: on a named interface that is a veth',
      ),
      port: key(
        tableName(['auto', ...names(tables.backends)], 'port backend'),
        'how frames reach it; auto: as the world offers',
      ),
      xdp: key(typed(xdp()), 'how port xdp uses AF_XDP'),
      socket: key(socket(), 'how port socket uses UDP sockets'),
      pool: key(
        typed(
          object({
            kind: key(tableName(names(tables.pools), 'pool kind'), 'of the response pool'),
            size: key(count({ min: 1, max: mostItems }, 'buffers'), 'buffers'),
            bufferBytes: key(bytes({ min: 1, max: 65_536 }), 'of each buffer'),
          }),
        ),
        'the response pool',
      ),
      connections: key(
        typed(
          object({
            kind: key(tableName(names(tables.tables), 'table kind'), 'of the connection table'),
            buckets: key(count({ min: 1, max: mostItems }, 'buckets'), 'hash buckets'),
            capacity: key(count({ min: 1, max: mostItems }, 'connections'), 'connections at most'),
            policy: key(
              word(['reject', 'evict'] as const),
              'when full: reject the new one or evict the oldest',
            ),
            idleTimeout: key(timeIn('ns'), 'a connection expires after so long without a packet; 0: never'),
          }),
        ),
        'the connection table',
      ),
      logic: key(logic(tables), 'the decision logic'),
    },
    'a device',
  );
}
