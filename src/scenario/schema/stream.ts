// The schema of a traffic stream. Payload and field names come from the addon's tables, so a payload has
// exactly the keys of its kind.
import type { FieldProgram, Replay, Value, Vlan } from '../plan.js';
import type { FieldRow, LayerRow, Tables } from '../tables.js';
import { endpoint } from './address.js';
import {
  describe,
  either,
  isMap,
  key,
  list,
  map,
  maybe,
  type Outcome,
  object,
  type Shape,
  scalar,
  type Type,
  typed,
  wrong,
} from './kit.js';
import { fieldValue, type Program, program } from './programs.js';
import { frameSize, rate } from './rate.js';
import { count, data, decimal, flag, longestNs, text, timeIn, unknownWord, word } from './scalars.js';

export interface PayloadSpec {
  readonly kind: string;
  readonly byteOrder: 'big' | 'little';
  readonly data: Uint8Array;
  readonly fields: FieldProgram[];
}

const orders = ['big', 'little'] as const;

export function byteOrder(): Type<'big' | 'little'> {
  return word(orders);
}

/** The programs among a parsed map's values, in the order of the table. */
function programsOf(rows: readonly { name: string }[], value: Record<string, unknown>): FieldProgram[] {
  return rows.flatMap(({ name }) =>
    value[name] === undefined ? [] : [{ field: name, ...(value[name] as Program) }],
  );
}

function fieldShape(fields: readonly FieldRow[]): Shape {
  return Object.fromEntries(fields.map((field) => [field.name, maybe(program(field), field.text)]));
}

function tablePayload(row: LayerRow): Type<PayloadSpec> {
  const fields = row.fields.filter((field) => field.settable);
  const shape = {
    kind: key(word([row.name]), 'of the payload'),
    byteOrder: key(byteOrder(), 'of the numbers; default big'),
    ...fieldShape(fields),
  };
  return map(typed(object(shape, `a ${row.name} payload`)), (value) => {
    const given = value as Record<string, unknown>;
    return {
      kind: row.name,
      byteOrder: given.byteOrder as 'big' | 'little',
      data: new Uint8Array(),
      fields: programsOf(fields, given),
    };
  });
}

function readHexData(value: unknown): Outcome<Uint8Array> {
  const expected = 'pairs of hexadecimal digits, quoted';
  const digits = typeof value === 'string' ? value.replaceAll(/\s/g, '') : '';
  if (digits.length === 0 || digits.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(digits)) {
    return { ...wrong(value, 'bytes in hexadecimal'), expected };
  }
  return { value: Uint8Array.from(Buffer.from(digits, 'hex')) };
}

function dataPayload(kind: string, extra: Shape): Type<PayloadSpec> {
  return map(typed(object({ kind: word([kind]), ...extra }, `a ${kind} payload`)), (value) => {
    const { data, text: words } = value as { data?: Uint8Array; text?: string };
    const bytes = words === undefined ? (data ?? new Uint8Array()) : new TextEncoder().encode(words);
    return { kind, byteOrder: 'big', data: bytes, fields: [] };
  });
}

/** What fills a frame behind its headers. */
export function payload(tables: Tables): Type<PayloadSpec> {
  const branches = new Map<string, Type<PayloadSpec>>(
    tables.payloads.map((row) => [row.name, tablePayload(row)]),
  );
  branches.set('random', dataPayload('random', {}));
  branches.set('zero', dataPayload('zero', {}));
  branches.set('hex', dataPayload('hex', { data: scalar(readHexData, { type: 'string' }) }));
  branches.set('text', dataPayload('text', { text: data(65_000) }));
  const kinds = [...branches.keys()];
  return either([...branches.values()], (value) => {
    const shown = `a map with \`kind\`: one of ${kinds.join(', ')}`;
    if (!isMap(value))
      return { problem: value === null ? 'is empty' : `is ${describe(value)}`, expected: shown };
    if (value.kind === undefined) return kinds.indexOf(tables.payloads[0]?.name ?? 'random');
    const index = kinds.indexOf(value.kind as string);
    return index >= 0 ? index : { ...unknownWord(value.kind, kinds, 'payload kind'), at: 'kind' };
  });
}

/** The header fields that a stream may set, as `protocol.field`. */
export function headerFields(tables: Tables): Map<string, FieldRow> {
  const settable = tables.protocols.flatMap((protocol) =>
    protocol.fields
      .filter((field) => field.settable)
      .map((field) => [`${protocol.name}.${field.name}`, field] as [string, FieldRow]),
  );
  return new Map(settable);
}

function fields(tables: Tables): Type<FieldProgram[]> {
  const rows = [...headerFields(tables)].map(([name, field]) => ({ ...field, name }));
  return map(typed(object(fieldShape(rows), 'a map')), (value) =>
    programsOf(rows, value as Record<string, unknown>),
  );
}

function vlanTag(): Type<Vlan> {
  const vid = count({ max: 4095 }, 'a VLAN id');
  const tpid = map(count({ max: 0xffff }, 'a tag protocol identifier'), (value, fail) => {
    const problem = `0x${value.toString(16)} is no tag protocol identifier`;
    if (value !== 0x8100 && value !== 0x88a8) fail([], { problem, expected: '0x8100 or 0x88a8' });
    return value;
  });
  const short = map(vid, (id): Vlan => ({ tpid: 0x8100, pcp: 0, dei: 0, vid: id }));
  const full = map(
    typed(
      object({
        vid,
        pcp: maybe(count({ max: 7 }, 'a priority'), 'priority; default 0'),
        dei: maybe(flag(), 'drop eligible; default false'),
        tpid: maybe(tpid, '0x8100 (802.1Q, the default) or 0x88a8 (802.1ad)'),
      }),
    ),
    (tag): Vlan => ({
      tpid: tag.tpid ?? 0x8100,
      pcp: tag.pcp ?? 0,
      dei: tag.dei === true ? 1 : 0,
      vid: tag.vid,
    }),
  );
  return either<Vlan>([short, full], (value) => (isMap(value) ? 1 : 0));
}

function vlans(): Type<Vlan[]> {
  const tag = vlanTag();
  const one = map(tag, (single) => [single]);
  return either<Vlan[]>([one, list(tag, 'a list of VLAN ids', 0, 8)], (value) =>
    Array.isArray(value) ? 1 : 0,
  );
}

/** Fields that a replay may rewrite: the addresses, whose checksums ringbed can mend. */
const rewritable = [
  'ethernet.src',
  'ethernet.dst',
  'ipv4.src',
  'ipv4.dst',
  'ipv6.src',
  'ipv6.dst',
  'udp.srcPort',
  'udp.dstPort',
  'tcp.srcPort',
  'tcp.dstPort',
];

type Rewrite = Replay['rewrite'][number];

function rewrite(tables: Tables): Type<Rewrite> {
  const known = new Map(
    tables.protocols.flatMap((protocol) =>
      protocol.fields.map((field) => [`${protocol.name}.${field.name}`, field] as [string, FieldRow]),
    ),
  );
  const names = rewritable.filter((name) => known.has(name));
  const branches = names.map((name) => {
    const value = fieldValue(known.get(name) as FieldRow);
    const shape = {
      field: word([name]),
      from: maybe(value, 'only where this stands; default any'),
      to: value,
    };
    return map(typed(object(shape)), (given): Rewrite => {
      const { field, from, to } = given as { field: string; from?: Value; to: Value };
      return { field, from: from ?? null, to };
    });
  });
  return either(branches, (value) => {
    const expected = `{ field, from, to } with field one of ${names.join(', ')}`;
    if (!isMap(value)) return { problem: `is ${describe(value)}`, expected };
    const index = names.indexOf(value.field as string);
    if (index >= 0) return index;
    if (value.field === undefined) return { problem: 'says no field', expected };
    return { ...unknownWord(value.field, names, 'field'), at: 'field' };
  });
}

export interface ReplaySpec {
  readonly file: string;
  readonly timing: 'honoured' | 'scaled' | 'ignored';
  readonly speed: number;
  readonly loops: number;
  readonly rewrite: Rewrite[];
}

function replay(tables: Tables): Type<ReplaySpec> {
  return typed(
    object(
      {
        file: text('the path of a pcap or pcapng file'),
        timing: key(
          word(['honoured', 'scaled', 'ignored'] as const),
          'gaps as captured, divided by speed, or at the rate of the stream',
        ),
        speed: key(decimal({ min: 0, max: 1e9, above: true }), 'for timing scaled'),
        loops: key(count({ min: 1, max: 4_294_967_295 }, 'loops'), 'how often the capture is played'),
        rewrite: key(
          list(rewrite(tables), 'a list of { field, from, to }'),
          'addresses to replace; checksums are mended',
        ),
      },
      'a map',
      { path: 'file', pcap: 'file', capture: 'file' },
    ),
  );
}

function tcp() {
  return object({
    concurrent: key(count({ min: 1, max: 16_777_216 }, 'sessions'), 'sessions open at once'),
    dataSegments: key(count({ max: 4_294_967_295 }, 'segments'), 'data segments of a session'),
    close: key(word(['fin', 'rst', 'none'] as const), 'how a session ends'),
    handshake: key(word(['full', 'syn', 'none'] as const), 'SYN, SYN+ACK and ACK; the SYN alone; nothing'),
  });
}

export function stream(tables: Tables) {
  const unsigned = { max: Number.MAX_SAFE_INTEGER };
  return object(
    {
      name: key(streamName(), 'of the stream, in paths and reports'),
      kind: key(word(['udp', 'tcp', 'syn_flood', 'replay'] as const), 'what the stream sends'),
      from: maybe(endpoint(), 'source; a stream of several flows counts up from here'),
      to: maybe(endpoint(), 'destination'),
      vlan: key(vlans(), 'VLAN id, or a list, outermost first'),
      ttl: key(count({ min: 0, max: 255 }, 'a TTL'), 'time to live, hop limit'),
      dscp: key(count({ max: 63 }, 'a DSCP'), 'differentiated services code point'),
      rate: key(rate(), 'how fast, and how regularly'),
      size: maybe(frameSize(), 'of the whole frame without FCS; default: as the payload needs'),
      payload: maybe(payload(tables), 'what fills the frame'),
      fields: maybe(fields(tables), 'programs for header fields'),
      start: key(timeIn('ns', { max: longestNs }), 'when the stream begins'),
      stop: maybe(timeIn('ns', { min: 1, max: longestNs }), 'when it ends; default: with the run'),
      packets: maybe(count({ min: 1, ...unsigned }, 'packets'), 'at most so many frames'),
      flows: key(
        count({ min: 1, max: 16_777_216 }, 'flows'),
        'distinct 5-tuples, by source port, then source address; a SYN flood of 1 draws every source at random',
      ),
      udpChecksum: key(flag(), 'false sends UDP without a checksum (0)'),
      tcp: maybe(typed(tcp()), 'for kind tcp'),
      replay: maybe(replay(tables), 'for kind replay'),
    },
    'a stream',
    { type: 'kind', pcap: 'replay', capture: 'replay', path: 'replay', src: 'from', dst: 'to' },
  );
}

function streamName(): Type<string> {
  const expected = 'a word of letters, digits, _ and -, not beginning with a digit';
  return scalar(
    (value) =>
      typeof value === 'string' && /^[A-Za-z_][\w-]{0,63}$/.test(value)
        ? { value }
        : { ...wrong(value, 'a stream name'), expected },
    { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_-]*$' },
  );
}
