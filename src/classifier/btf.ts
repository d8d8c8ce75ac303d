// Keys and values of maps by their BTF types: what C declares becomes what JavaScript says. Integers up to
// 32 bits are numbers, longer ones bigint; __be16 and __be32 are in network order, the latter an IPv4 address
// in text; arrays of bytes are hexadecimal text, and take addresses; structures are objects. A union is an
// object with every member's reading of the same bytes. On the way in any form that fits is taken, so
// { saddr: '10.0.0.1' } is a key, an enumerator goes by its name, and of a union one member is enough.
import { RingbedError } from '../errors/index.js';
import { parseIp, parseMac } from '../scenario/index.js';

export type BtfType =
  | { kind: 'int'; bytes: number; name: string; signed: boolean; enumerators?: Record<string, string> }
  | { kind: 'array'; bytes: number; count: number; element: BtfType }
  | Composite
  | { kind: 'bytes'; bytes: number };

interface Composite {
  kind: 'struct' | 'union';
  bytes: number;
  name: string;
  members: BtfMember[];
}

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
    case 'union':
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
  const place = new Place(new Uint8Array(type.bytes));
  encodeInto(type, input, place, at);
  return place.bytes;
}

/** Where a value goes, and which of its bits have been said: members of a union share theirs. */
class Place {
  constructor(
    readonly bytes: Uint8Array,
    private readonly said = new Uint8Array(bytes.length),
  ) {}

  part(from: number, bytes: number): Place {
    return new Place(this.bytes.subarray(from, from + bytes), this.said.subarray(from, from + bytes));
  }

  /** `mask`: the bits that `own` says. */
  put(own: Uint8Array, at: string, mask: Uint8Array = new Uint8Array(own.length).fill(0xff)): void {
    for (const [i, bits] of mask.entries()) {
      const [before, said, now] = [this.bytes[i] ?? 0, this.said[i] ?? 0, own[i] ?? 0];
      if (((before ^ now) & bits & said) !== 0)
        throw misfit(at, Buffer.from(own).toString('hex'), 'what another member says of the same bytes');
      this.bytes[i] = before | (now & bits);
      this.said[i] = said | bits;
    }
  }
}

function encodeInto(type: BtfType, input: BtfInput, into: Place, at: string): void {
  const takesText = isByteArray(type) || type.kind === 'union';
  if (input instanceof Uint8Array || (takesText && typeof input === 'string')) {
    const raw = input instanceof Uint8Array ? input : bytesOfText(type, input as string, at);
    if (raw.length !== type.bytes) throw misfit(at, `${raw.length} bytes`, `${type.bytes} bytes`);
    into.put(raw, at);
    return;
  }
  switch (type.kind) {
    case 'int':
      into.put(bytesOfInteger(type, input, at), at);
      return;
    case 'array':
      if (!Array.isArray(input)) throw misfit(at, show(input), `a list of ${type.count}`);
      if (input.length > type.count) throw misfit(at, `${input.length} items`, `at most ${type.count}`);
      for (const [i, item] of input.entries())
        encodeInto(type.element, item, into.part(i * type.element.bytes, type.element.bytes), `${at}[${i}]`);
      return;
    case 'struct':
    case 'union':
      encodeMembers(type, input, into, at);
      return;
    default:
      // A key without a type, of a map of sockets for instance.
      if (type.bytes <= 8 && typeof input !== 'object') {
        into.put(bytesOfInteger({ kind: 'int', bytes: type.bytes, name: '', signed: false }, input, at), at);
        return;
      }
      throw misfit(at, show(input), `${type.bytes} bytes: a Uint8Array or hexadecimal text`);
  }
}

function encodeMembers(type: Composite, input: BtfInput, into: Place, at: string): void {
  const known = type.members.map((member, index) => member.name || `_${index}`);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw misfit(at, show(input), `an object with ${known.join(', ')}`);
  for (const [name, value] of Object.entries(input as Record<string, BtfInput>)) {
    const member = type.members[known.indexOf(name)];
    if (member === undefined) throw misfit(`${at}.${name}`, 'no such member', known.join(', '));
    if (member.bits === 0) {
      encodeInto(member.type, value, into.part(member.offset / 8, member.type.bytes), `${at}.${name}`);
      continue;
    }
    const number = integerOf(member.type, value, `${at}.${name}`);
    const bits = BigInt(member.bits);
    const [least, most] = isSigned(member.type)
      ? [-(1n << (bits - 1n)), 1n << (bits - 1n)]
      : [0n, 1n << bits];
    if (number < least || number >= most)
      throw misfit(`${at}.${name}`, show(value), `a number of ${member.bits} bits`);
    const first = member.offset >> 3;
    const bytes = ((member.offset + member.bits + 7) >> 3) - first;
    const shifted = (what: bigint) => littleEndian(what << BigInt(member.offset & 7), bytes);
    into
      .part(first, bytes)
      .put(shifted(BigInt.asUintN(member.bits, number)), `${at}.${name}`, shifted((1n << bits) - 1n));
  }
}

function littleEndian(number: bigint, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn));
}

function bytesOfInteger(type: BtfType & { kind: 'int' }, input: BtfInput, at: string): Uint8Array {
  // An address is in network order wherever it stands.
  if (typeof input === 'string' && type.bytes === 4 && /^\d+\.\d+\.\d+\.\d+$/.test(input))
    return bytesOfText(type, input, at);
  const number = integerOf(type, input, at);
  const bits = BigInt(type.bytes * 8);
  const least = type.signed ? -(1n << (bits - 1n)) : 0n;
  if (number < least || number >= 1n << bits)
    throw misfit(at, show(input), `a ${type.signed ? 'signed ' : ''}number of ${bits} bits`);
  const bytes = littleEndian(BigInt.asUintN(type.bytes * 8, number), type.bytes);
  return isBigEndian(type) ? bytes.reverse() : bytes;
}

function integerOf(type: BtfType, input: BtfInput, at: string): bigint {
  const names = (type.kind === 'int' && type.enumerators) || {};
  if (typeof input === 'string' && Object.hasOwn(names, input)) return BigInt(names[input] as string);
  if (typeof input === 'bigint') return input;
  if (typeof input === 'boolean') return input ? 1n : 0n;
  if (typeof input === 'number' && Number.isSafeInteger(input)) return BigInt(input);
  if (typeof input === 'string' && /^(-?\d+|0x[0-9a-fA-F]+)$/.test(input)) return BigInt(input);
  throw misfit(at, show(input), ['a whole number', ...Object.keys(names).slice(0, 16)].join(', '));
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
