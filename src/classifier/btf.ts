// Keys and values of maps by their BTF types: what C declares becomes what JavaScript says. Integers up to
// 32 bits are numbers, longer ones bigint; __be16 and __be32 are in network order, the latter an IPv4 address
// in text; arrays of bytes are hexadecimal text, and take addresses; structures are objects. On the way in
// any form that fits is taken, so { saddr: '10.0.0.1' } is a key.
import { RingbedError } from '../errors/index.js';
import { parseIp, parseMac } from '../scenario/index.js';

export type BtfType =
  | { kind: 'int'; bytes: number; name: string; signed: boolean }
  | { kind: 'array'; bytes: number; count: number; element: BtfType }
  | { kind: 'struct'; bytes: number; name: string; members: BtfMember[] }
  | { kind: 'bytes'; bytes: number };

export interface BtfMember {
  name: string;
  /** In bits. */
  offset: number;
  /** Of a bit field; 0: none. */
  bits: number;
  type: BtfType;
}

export type BtfValue = number | bigint | string | BtfValue[] | { [name: string]: BtfValue };
/** What encode() takes: a value, or bytes as they are. Members that are left out are zero. */
export type BtfInput =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly BtfInput[]
  | { readonly [name: string]: BtfInput };

const isBigEndian = (type: BtfType): boolean => type.kind === 'int' && /^__be(16|32|64)$/.test(type.name);
const isSigned = (type: BtfType): boolean => type.kind === 'int' && type.signed;
const isByteArray = (type: BtfType): boolean =>
  type.kind === 'bytes' || (type.kind === 'array' && type.element.bytes === 1 && type.element.kind === 'int');

/** The value at the begin of `bytes`. */
export function decodeBtf(type: BtfType, bytes: Uint8Array): BtfValue {
  if (isByteArray(type)) return Buffer.from(bytes.subarray(0, type.bytes)).toString('hex');
  switch (type.kind) {
    case 'int':
      return decodeInteger(type, bytes);
    case 'array':
      return Array.from({ length: type.count }, (_, i) =>
        decodeBtf(type.element, bytes.subarray(i * type.element.bytes)),
      );
    case 'struct':
      return Object.fromEntries(
        type.members.map((member, index) => [member.name || `_${index}`, decodeMember(member, bytes)]),
      );
    default:
      return '';
  }
}

function decodeMember(member: BtfMember, bytes: Uint8Array): BtfValue {
  if (member.bits === 0) return decodeBtf(member.type, bytes.subarray(member.offset / 8));
  // Nine bytes: 64 bits may begin in the middle of one.
  const wide = readLittle(bytes, member.offset >> 3, 9) >> BigInt(member.offset & 7);
  const value = isSigned(member.type) ? BigInt.asIntN(member.bits, wide) : BigInt.asUintN(member.bits, wide);
  return narrow(value, member.type.bytes);
}

function readLittle(bytes: Uint8Array, at: number, count: number): bigint {
  let value = 0n;
  for (let i = Math.min(count, bytes.length - at) - 1; i >= 0; i--)
    value = (value << 8n) | BigInt(bytes[at + i] as number);
  return value;
}

const narrow = (value: bigint, bytes: number): number | bigint => (bytes <= 4 ? Number(value) : value);

function decodeInteger(type: BtfType & { kind: 'int' }, bytes: Uint8Array): BtfValue {
  if (type.name === '__be32') return bytes.subarray(0, 4).join('.');
  const own = bytes.slice(0, type.bytes);
  if (isBigEndian(type)) own.reverse();
  const value = readLittle(own, 0, type.bytes);
  return narrow(type.signed ? BigInt.asIntN(type.bytes * 8, value) : value, type.bytes);
}

/** The bytes of a value. @throws RingbedError `invalid`, which names the member and what it takes */
export function encodeBtf(type: BtfType, input: BtfInput, at = 'value'): Uint8Array {
  const bytes = new Uint8Array(type.bytes);
  encodeInto(type, input, bytes, at);
  return bytes;
}

function encodeInto(type: BtfType, input: BtfInput, into: Uint8Array, at: string): void {
  if (input instanceof Uint8Array || (isByteArray(type) && typeof input === 'string')) {
    const raw = input instanceof Uint8Array ? input : bytesOfText(type, input as string, at);
    if (raw.length !== type.bytes) throw misfit(at, `${raw.length} bytes`, `${type.bytes} bytes`);
    into.set(raw);
    return;
  }
  switch (type.kind) {
    case 'int':
      encodeInteger(type, input, into, at);
      return;
    case 'array':
      if (!Array.isArray(input)) throw misfit(at, show(input), `a list of ${type.count}`);
      if (input.length > type.count) throw misfit(at, `${input.length} items`, `at most ${type.count}`);
      for (const [i, item] of input.entries())
        encodeInto(
          type.element,
          item,
          into.subarray(i * type.element.bytes, (i + 1) * type.element.bytes),
          `${at}[${i}]`,
        );
      return;
    case 'struct':
      encodeStruct(type, input, into, at);
      return;
    default:
      // A key without a type, of a map of sockets for instance.
      if (type.bytes <= 8 && typeof input !== 'object') {
        encodeInteger({ kind: 'int', bytes: type.bytes, name: '', signed: false }, input, into, at);
        return;
      }
      throw misfit(at, show(input), `${type.bytes} bytes: a Uint8Array or hexadecimal text`);
  }
}

function encodeStruct(
  type: BtfType & { kind: 'struct' },
  input: BtfInput,
  into: Uint8Array,
  at: string,
): void {
  const known = type.members.map((member, index) => member.name || `_${index}`);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw misfit(at, show(input), `an object with ${known.join(', ')}`);
  for (const [name, value] of Object.entries(input as Record<string, BtfInput>)) {
    const member = type.members[known.indexOf(name)];
    if (member === undefined) throw misfit(`${at}.${name}`, 'no such member', known.join(', '));
    if (member.bits === 0) {
      const from = member.offset / 8;
      encodeInto(member.type, value, into.subarray(from, from + member.type.bytes), `${at}.${name}`);
      continue;
    }
    const number = integerOf(value, `${at}.${name}`);
    const bits = BigInt(member.bits);
    const [least, most] = isSigned(member.type)
      ? [-(1n << (bits - 1n)), 1n << (bits - 1n)]
      : [0n, 1n << bits];
    if (number < least || number >= most)
      throw misfit(`${at}.${name}`, show(value), `a number of ${member.bits} bits`);
    writeBits(into, member.offset, BigInt.asUintN(member.bits, number));
  }
}

function writeBits(into: Uint8Array, offset: number, number: bigint): void {
  let rest = number << BigInt(offset & 7);
  for (let at = offset >> 3; rest > 0n && at < into.length; at++, rest >>= 8n)
    into[at] = (into[at] as number) | Number(rest & 0xffn);
}

function encodeInteger(type: BtfType & { kind: 'int' }, input: BtfInput, into: Uint8Array, at: string): void {
  // An address is in network order wherever it stands.
  if (typeof input === 'string' && type.bytes === 4 && /^\d+\.\d+\.\d+\.\d+$/.test(input)) {
    into.set(bytesOfText(type, input, at));
    return;
  }
  const number = integerOf(input, at);
  const bits = BigInt(type.bytes * 8);
  const least = type.signed ? -(1n << (bits - 1n)) : 0n;
  if (number < least || number >= 1n << bits)
    throw misfit(at, show(input), `a ${type.signed ? 'signed ' : ''}number of ${bits} bits`);
  let rest = BigInt.asUintN(type.bytes * 8, number);
  for (let i = 0; i < type.bytes; i++, rest >>= 8n)
    into[isBigEndian(type) ? type.bytes - 1 - i : i] = Number(rest & 0xffn);
}

function integerOf(input: BtfInput, at: string): bigint {
  if (typeof input === 'bigint') return input;
  if (typeof input === 'boolean') return input ? 1n : 0n;
  if (typeof input === 'number' && Number.isSafeInteger(input)) return BigInt(input);
  if (typeof input === 'string' && /^(-?\d+|0x[0-9a-fA-F]+)$/.test(input)) return BigInt(input);
  throw misfit(at, show(input), 'a whole number');
}

function bytesOfText(type: BtfType, text: string, at: string): Uint8Array {
  const address = parseIp(text) ?? parseMac(text);
  if (address !== undefined && address.length === type.bytes) return address;
  // An IPv4 address in a field that holds either kind stands in its first bytes.
  if (address?.length === 4 && type.bytes === 16) return Uint8Array.from([...address, ...new Uint8Array(12)]);
  if (/^([0-9a-fA-F]{2})*$/.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'));
  throw misfit(
    at,
    JSON.stringify(text),
    `hexadecimal text of ${type.bytes} bytes, or an address of that length`,
  );
}

const show = (input: BtfInput): string =>
  typeof input === 'object' ? (Array.isArray(input) ? 'a list' : 'an object') : String(input);

function misfit(at: string, have: string, want: string): RingbedError {
  return new RingbedError('invalid', `${at}: ${have}; it takes ${want}`);
}
