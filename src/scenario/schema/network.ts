// The schema of what carries frames: world, link, NIC, core, costs and the faults on the timeline.
import type { Costs, PlanFault } from '../plan.js';
import { parseDecimal, toInteger } from '../units.js';
import { distribution } from './distribution.js';
import {
  describe,
  either,
  isMap,
  key,
  list,
  map,
  maybe,
  object,
  scalar,
  type Type,
  typed,
  wrong,
} from './kit.js';
import {
  anyText,
  bitsPerSecond,
  bytes,
  count,
  flag,
  hertz,
  longestNs,
  powerOfTwo,
  probability,
  text,
  textOf,
  timeIn,
  unknownWord,
  word,
} from './scalars.js';
import { socket } from './socket.js';
import { tagged } from './tagged.js';

const kinds = ['sim', 'veth', 'nic'] as const;

export interface WorldSpec {
  readonly kind: (typeof kinds)[number];
  readonly interfaces: string[];
}

export function world(): Type<WorldSpec> {
  const short = map(word(kinds), (kind): WorldSpec => ({ kind, interfaces: [] }));
  const full = map(
    typed(
      object({
        kind: key(word(kinds), 'sim: virtual time; veth: a veth pair in namespaces; nic: named interfaces'),
        interfaces: key(
          list(text('an interface name', 15), 'a list of interface names', 0, 2),
          'for kind nic: one or two',
        ),
      }),
    ),
    ({ kind, interfaces }): WorldSpec => ({ kind, interfaces }),
  );
  return either<WorldSpec>([short, full], (value) => (isMap(value) ? 1 : 0));
}

/** The key of Microsoft's RSS verification suite, which NIC drivers use as their default. */
export const standardRssKey = Uint8Array.from(
  Buffer.from('6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa', 'hex'),
);

function rssKey(): Type<Uint8Array> {
  const expected = 'standard, or 80 hexadecimal digits';
  return scalar(
    (value) => {
      if (value === 'standard') return { value: standardRssKey };
      if (typeof value !== 'string' || !/^[0-9a-fA-F]{80}$/.test(value))
        return { ...wrong(value, 'an RSS key'), expected };
      return { value: Uint8Array.from(Buffer.from(value, 'hex')) };
    },
    { type: 'string', pattern: '^(standard|[0-9a-fA-F]{80})$' },
  );
}

/** In picoseconds. */
const minute = { max: 6e13 };

export function link() {
  return object({
    rate: key(bitsPerSecond({ min: 1_000, max: 1e13 }), 'bit rate, layer 1'),
    delay: key(timeIn('ps', minute), 'propagation, one way'),
    jitter: key(distribution(), 'added to the delay, frame by frame; may reorder'),
    loss: key(probability(), 'share of frames lost'),
    duplicate: key(probability(), 'share of frames that arrive twice'),
    reorder: key(
      typed(
        object({
          probability: key(probability(), 'share of frames held back'),
          delay: key(timeIn('ps', minute), 'for how long'),
        }),
      ),
      'frames that are overtaken',
    ),
    corrupt: key(probability(), 'share of frames in which one bit flips'),
    queue: key(
      count({ min: 1, max: 1_048_576 }, 'frames'),
      "the sender's queue in front of the wire, in frames",
    ),
    mtu: key(bytes({ min: 68, max: 65_535 }), 'largest IP packet'),
  });
}

const engines = ['auto', 'xdp', 'packet', 'socket', 'kernel'] as const;

export function generator() {
  return object({
    engine: key(
      word(engines),
      'xdp: AF_XDP; packet: AF_PACKET; socket: kernel UDP; kernel: eBPF; auto: the best that the world offers',
    ),
    socket: key(socket(), 'how the engine socket uses UDP sockets'),
  });
}

/** Microseconds, as ethtool counts them, or a time. */
function microseconds(): Type<number> {
  const time = timeIn('ps', minute);
  const bare = scalar<number>(
    (value) => {
      const exact = parseDecimal(textOf(value) ?? '');
      const picoseconds =
        exact === undefined
          ? undefined
          : toInteger({ digits: exact.digits * 1_000_000n, exponent: exact.exponent });
      const fits = picoseconds !== undefined && picoseconds >= 0n && picoseconds <= BigInt(minute.max);
      return fits
        ? { value: Number(picoseconds) }
        : { problem: `${describe(value)} is out of range`, expected: 'microseconds (10), or a time (10us)' };
    },
    { type: 'number', minimum: 0 },
  );
  return either<number>([bare, time], (value) => (parseDecimal(textOf(value) ?? '') === undefined ? 1 : 0));
}

export function nic() {
  return object({
    queues: key(count({ min: 1, max: 256 }, 'queues'), 'receive queues, each with its ring'),
    rxDescriptors: key(powerOfTwo({ min: 1, max: 1_048_576 }), 'of each receive ring'),
    txDescriptors: key(powerOfTwo({ min: 1, max: 1_048_576 }), 'of each transmit ring'),
    coalesce: key(
      typed(
        object({
          usecs: key(
            microseconds(),
            'an interrupt waits at most so many microseconds; 0: for nothing, not for frames either',
          ),
          frames: key(count({ max: 65_535 }, 'frames'), 'or until so many frames came; 0: by time alone'),
        }),
      ),
      'interrupt coalescing',
    ),
    multicastFilter: key(
      word(['exact', 'hash', 'promiscuous'] as const),
      'which multicast frames the NIC lets through',
    ),
    dmaDelay: key(timeIn('ps', minute), 'from the last bit received to the descriptor being ready'),
    checkFcs: key(flag(), 'drop frames with a wrong frame check sequence'),
    rssKey: key(rssKey(), 'key of the Toeplitz hash: standard, or 40 bytes in hexadecimal'),
    retaSize: key(powerOfTwo({ min: 1, max: 4096 }), 'entries of the RSS indirection table'),
    bufferBytes: key(bytes({ min: 64, max: 65_536 }), 'receive buffer; a longer frame is dropped'),
  });
}

export function core() {
  return object({
    poll: key(word(['busy', 'interrupt'] as const), 'how a core waits for frames'),
    count: key(count({ min: 1, max: 256 }, 'cores'), 'cores; queue q is served by core q modulo this'),
    batch: key(count({ min: 1, max: 4096 }, 'frames'), 'frames taken from a ring at once'),
    budget: key(count({ min: 1, max: 65_536 }, 'frames'), 'NAPI budget of an interrupt-driven core'),
    noise: key(
      typed(
        object({
          rate: key(hertz(), 'interruptions a second (Poisson); 0: none'),
          length: key(distribution(), 'how long each takes the core away'),
        }),
      ),
      'operating system noise',
    ),
  });
}

/** The costs by their key in a scenario, in the order of the plan. */
export const costKeys = {
  packet: 'parse, validate and match one packet',
  byte: 'for each byte of a frame that the device touches',
  probe: 'one table entry looked at, in cache',
  coldProbe: 'one table entry looked at, out of cache',
  classifier: 'the classifier, a packet',
  respond: 'build and hand over one response',
  txCompletion: "from the last bit sent to the buffer's return",
  poll: 'one poll that found frames',
  interrupt: 'from an interrupt raised to it running',
  yield: 'an interrupt-driven core gives way after its budget',
} as const;

export function costs(): Type<Costs> {
  const drawn = Object.keys(costKeys).filter((name) => name !== 'byte');
  const shape = {
    ...Object.fromEntries(
      drawn.map((name) => [name, key(distribution(), costKeys[name as keyof typeof costKeys])]),
    ),
    byte: key(timeIn('fs', { max: 1e15 }), costKeys.byte),
    profile: key(anyText(), 'where the numbers come from'),
  };
  return map(typed(object(shape)), (value) => {
    const { byte, ...rest } = value as unknown as Omit<Costs, 'byteFemtoseconds'> & { byte: number };
    return { ...rest, byteFemtoseconds: byte };
  });
}

/** A fault: when, what, how long. */
export function fault(): Type<PlanFault> {
  const lasting = { for: timeIn('ns', { min: 1, max: longestNs }) };
  const form = {
    what: 'a fault',
    common: { at: timeIn('ns', { max: longestNs }) },
    tags: {
      pause: {
        pause: typed(object({ core: maybe(count({ max: 255 }, 'a core'), 'default 0'), ...lasting })),
      },
      linkDown: { linkDown: typed(object(lasting)) },
      lossBurst: { lossBurst: typed(object({ ...lasting, probability: probability() })) },
      stall: {
        stall: typed(object({ queue: maybe(count({ max: 255 }, 'a queue'), 'default 0'), ...lasting })),
      },
    },
  };
  const planKinds = {
    pause: 'PAUSE',
    linkDown: 'LINK_DOWN',
    lossBurst: 'LOSS_BURST',
    stall: 'STALL',
  } as const;
  return map(tagged(form), (value) => {
    const given = value as { at: number } & Record<
      string,
      { for: number; core?: number; queue?: number; probability?: number }
    >;
    const tag = (Object.keys(planKinds) as (keyof typeof planKinds)[]).find(
      (name) => given[name] !== undefined,
    );
    const what = given[tag as string];
    return {
      atNs: given.at,
      forNs: what?.for ?? 0,
      kind: planKinds[tag as keyof typeof planKinds],
      core: what?.core ?? 0,
      queue: what?.queue ?? 0,
      probability: what?.probability ?? 0,
    };
  });
}

/** A name out of one of the addon's tables. */
export function tableName(names: readonly string[], what: string): Type<string> {
  return scalar(
    (value) => {
      if (typeof value !== 'string')
        return { ...wrong(value, `a ${what}`), expected: `one of ${names.join(', ')}` };
      return names.includes(value) ? { value } : unknownWord(value, names, what);
    },
    { enum: [...names] },
  );
}
