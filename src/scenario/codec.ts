// Protobuf encoding of any message of scenario.proto and record.proto, driven by generated/proto.json.
// Canonical: fields in number order, packed numbers, proto3 defaults left out, so equal messages have equal
// bytes and a digest means something. Strict: an unknown key or a mistyped value is an error (protobufjs's
// own encoder drops both without a word). Runs on protobufjs/minimal alone: no reflection at start-up.
import protobuf from 'protobufjs/minimal.js';
import { RingbedError } from '../errors/index.js';
import { readGenerated } from './tables.js';

interface FieldDescriptor {
  readonly type: string;
  readonly id: number;
  readonly rule?: 'repeated';
}
interface TypeDescriptor {
  readonly fields?: Readonly<Record<string, FieldDescriptor>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly nested?: Readonly<Record<string, TypeDescriptor>>;
}

type ScalarType = 'double' | 'uint32' | 'uint64' | 'bool' | 'string' | 'bytes';

interface Field {
  readonly name: string;
  readonly id: number;
  readonly repeated: boolean;
  readonly scalar: ScalarType | undefined;
  readonly enumeration: Enumeration | undefined;
  /** Looked up late, so that messages may refer to each other. */
  readonly message: (() => Message) | undefined;
}
interface Enumeration {
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}
interface Message {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byId: ReadonlyMap<number, Field>;
  readonly byName: ReadonlyMap<string, Field>;
}

const wire = { varint: 0, fixed64: 1, bytes: 2 } as const;
const scalars: Readonly<Record<ScalarType, number>> = {
  double: wire.fixed64,
  uint32: wire.varint,
  uint64: wire.varint,
  bool: wire.varint,
  string: wire.bytes,
  bytes: wire.bytes,
};

let files: Readonly<Record<string, TypeDescriptor>> | undefined;
const messages = new Map<string, Message>();

/** A type that stands in no message. */
function topLevel(name: string): TypeDescriptor | undefined {
  files ??=
    (readGenerated('proto.json') as { nested: { ringbed: TypeDescriptor } }).nested.ringbed.nested ?? {};
  return files[name];
}

function messageOf(name: string): Message {
  let message = messages.get(name);
  if (message === undefined) {
    const descriptor = topLevel(name);
    if (descriptor?.fields === undefined)
      throw new RingbedError('internal', `no message ${name} in the .proto files`);
    message = buildMessage(name, descriptor);
    messages.set(name, message);
  }
  return message;
}

function buildMessage(name: string, descriptor: TypeDescriptor): Message {
  const fields = Object.entries(descriptor.fields ?? {})
    .map(([fieldName, row]): Field => {
      const values = (descriptor.nested?.[row.type] ?? topLevel(row.type))?.values;
      const scalar = Object.hasOwn(scalars, row.type) ? (row.type as ScalarType) : undefined;
      return {
        name: fieldName,
        id: row.id,
        repeated: row.rule === 'repeated',
        scalar,
        enumeration: values === undefined ? undefined : buildEnumeration(values),
        message: scalar === undefined && values === undefined ? () => messageOf(row.type) : undefined,
      };
    })
    .sort((a, b) => a.id - b.id);
  return {
    name,
    fields,
    byId: new Map(fields.map((field) => [field.id, field])),
    byName: new Map(fields.map((field) => [field.name, field])),
  };
}

function buildEnumeration(values: Readonly<Record<string, number>>): Enumeration {
  const rows = Object.entries(values);
  return { numbers: new Map(rows), names: new Map(rows.map(([name, number]) => [number, name])) };
}

/** Canonical bytes. Error: internal, if `value` has an unknown key, a missing field or a wrong type. */
export function encodeMessage(name: string, value: object): Uint8Array {
  const writer = protobuf.Writer.create();
  writeMessage(writer, messageOf(name), value as Record<string, unknown>, name);
  return new Uint8Array(writer.finish());
}

function writeMessage(
  writer: protobuf.Writer,
  message: Message,
  value: Record<string, unknown>,
  at: string,
): void {
  if (typeof value !== 'object' || value === null) throw mistyped(at, 'a message', value);
  for (const key of Object.keys(value)) {
    if (!message.byName.has(key))
      throw new RingbedError('internal', `${at}.${key} is no field of ${message.name}`);
  }
  for (const field of message.fields) {
    const item = value[field.name];
    const place = `${at}.${field.name}`;
    if (field.repeated) writeRepeated(writer, field, item, place);
    else if (field.message !== undefined) {
      if (item !== null && item !== undefined) writeOne(writer, field, item, place);
    } else if (!isDefault(field, item)) writeOne(writer, field, item, place);
  }
}

function writeRepeated(writer: protobuf.Writer, field: Field, items: unknown, at: string): void {
  if (!Array.isArray(items)) throw mistyped(at, 'a list', items);
  if (items.length === 0) return;
  const packed = field.scalar !== undefined && scalars[field.scalar] !== wire.bytes;
  if (!packed) {
    for (const [index, item] of items.entries()) writeOne(writer, field, item, `${at}.${index}`);
    return;
  }
  writer.uint32((field.id << 3) | wire.bytes).fork();
  for (const [index, item] of items.entries())
    writeScalar(writer, field.scalar as ScalarType, item, `${at}.${index}`);
  writer.ldelim();
}

function writeOne(writer: protobuf.Writer, field: Field, value: unknown, at: string): void {
  if (field.message !== undefined) {
    writer.uint32((field.id << 3) | wire.bytes).fork();
    writeMessage(writer, field.message(), value as Record<string, unknown>, at);
    writer.ldelim();
  } else if (field.enumeration !== undefined) {
    const number = field.enumeration.numbers.get(value as string);
    if (number === undefined)
      throw mistyped(at, `one of ${[...field.enumeration.numbers.keys()].join(', ')}`, value);
    writer.uint32((field.id << 3) | wire.varint).uint32(number);
  } else {
    const type = field.scalar as ScalarType;
    writer.uint32((field.id << 3) | scalars[type]);
    writeScalar(writer, type, value, at);
  }
}

function isDefault(field: Field, value: unknown): boolean {
  if (field.enumeration !== undefined) return field.enumeration.numbers.get(value as string) === 0;
  if (value instanceof Uint8Array) return field.scalar === 'bytes' && value.length === 0;
  if (Object.is(value, -0)) return false;
  return (
    (value === '' && field.scalar === 'string') ||
    (value === false && field.scalar === 'bool') ||
    ((value === 0 || value === 0n) &&
      (field.scalar === 'double' || field.scalar?.startsWith('uint') === true))
  );
}

function writeScalar(writer: protobuf.Writer, type: ScalarType, value: unknown, at: string): void {
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw mistyped(at, 'text', value);
      writer.string(value);
      return;
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw mistyped(at, 'bytes', value);
      writer.bytes(value);
      return;
    case 'bool':
      if (typeof value !== 'boolean') throw mistyped(at, 'true or false', value);
      writer.bool(value);
      return;
    case 'double':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw mistyped(at, 'a finite number', value);
      writer.double(value);
      return;
    case 'uint32':
      if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff) {
        throw mistyped(at, 'a 32-bit number', value);
      }
      writer.uint32(value as number);
      return;
    case 'uint64':
      writeUint64(writer, value, at);
      return;
  }
}

function writeUint64(writer: protobuf.Writer, value: unknown, at: string): void {
  const fits =
    typeof value === 'bigint'
      ? value >= 0n && value < 2n ** 64n
      : Number.isSafeInteger(value) && (value as number) >= 0;
  if (!fits) throw mistyped(at, 'a 64-bit number', value);
  const wide = BigInt(value as number | bigint);
  writer.uint64({
    low: Number(wide & 0xffffffffn) | 0,
    high: Number(wide >> 32n) | 0,
    unsigned: true,
  } as never);
}

function mistyped(at: string, expected: string, value: unknown): RingbedError {
  return new RingbedError('internal', `${at} is ${String(value)}, not ${expected}`);
}

/** How 64-bit integers come out: as numbers (an error beyond 2^53 - 1) or as bigint. */
export type Wide = 'number' | 'bigint';

/**
 * Reads a message: every field present, absent messages null, unknown fields skipped (a newer ringbed's).
 * Error: invalid, if the bytes are no such message.
 */
export function decodeMessage(
  name: string,
  bytes: Uint8Array,
  wide: Wide = 'number',
): Record<string, unknown> {
  try {
    const reader = protobuf.Reader.create(bytes);
    return readMessage(reader, messageOf(name), reader.len, wide, 0);
  } catch (cause) {
    if (cause instanceof RingbedError) throw cause;
    throw new RingbedError('invalid', `not a ${name}: ${(cause as Error).message}`, '', { cause });
  }
}

const deepest = 32;

function readMessage(
  reader: protobuf.Reader,
  message: Message,
  end: number,
  wide: Wide,
  depth: number,
): Record<string, unknown> {
  if (depth > deepest) throw new RangeError('nested too deeply');
  const value = Object.fromEntries(message.fields.map((field) => [field.name, emptyOf(field, wide)]));
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = message.byId.get(tag >>> 3);
    const kind = tag & 7;
    if (field === undefined) reader.skipType(kind);
    else readField(reader, field, kind, value, wide, depth);
  }
  if (reader.pos > end) throw new RangeError('a field runs past its message');
  return value;
}

function readField(
  reader: protobuf.Reader,
  field: Field,
  kind: number,
  value: Record<string, unknown>,
  wide: Wide,
  depth: number,
): void {
  const own =
    field.message !== undefined
      ? wire.bytes
      : field.scalar === undefined
        ? wire.varint
        : scalars[field.scalar];
  if (field.repeated) {
    const items = value[field.name] as unknown[];
    if (kind === wire.bytes && own !== wire.bytes) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) items.push(readOne(reader, field, wide, depth));
      return;
    }
    expectWire(kind, own);
    items.push(readOne(reader, field, wide, depth));
    return;
  }
  expectWire(kind, own);
  value[field.name] = readOne(reader, field, wide, depth);
}

function expectWire(kind: number, own: number): void {
  if (kind !== own) throw new RangeError(`wire type ${kind} where ${own} belongs`);
}

function emptyOf(field: Field, wide: Wide): unknown {
  if (field.repeated) return [];
  if (field.message !== undefined) return null;
  if (field.enumeration !== undefined) return field.enumeration.names.get(0);
  switch (field.scalar) {
    case 'string':
      return '';
    case 'bytes':
      return new Uint8Array();
    case 'bool':
      return false;
    case 'uint64':
      return wide === 'bigint' ? 0n : 0;
    default:
      return 0;
  }
}

function readOne(reader: protobuf.Reader, field: Field, wide: Wide, depth: number): unknown {
  if (field.message !== undefined) {
    const length = reader.uint32();
    return readMessage(reader, field.message(), reader.pos + length, wide, depth + 1);
  }
  if (field.enumeration !== undefined) {
    const number = reader.int32();
    const name = field.enumeration.names.get(number);
    if (name === undefined) throw new RangeError(`${number} is no ${field.name}`);
    return name;
  }
  switch (field.scalar) {
    case 'string':
      return reader.string();
    case 'bytes':
      return new Uint8Array(reader.bytes());
    case 'bool':
      return reader.bool();
    case 'double':
      return reader.double();
    case 'uint32':
      return reader.uint32();
    default:
      return readUint64(reader, field.name, wide);
  }
}

function readUint64(reader: protobuf.Reader, name: string, wide: Wide): number | bigint {
  const read = reader.uint64() as unknown as { low: number; high: number } | number;
  const value =
    typeof read === 'number' ? BigInt(read) : (BigInt(read.high >>> 0) << 32n) | BigInt(read.low >>> 0);
  if (wide === 'bigint') return value;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${name} is beyond 2^53 - 1`);
  return Number(value);
}
