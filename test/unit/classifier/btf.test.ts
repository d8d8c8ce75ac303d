// Keys and values by BTF: both ways, every form, and what is refused.
import { describe, expect, it } from 'vitest';
import { type BtfType, decodeBtf, encodeBtf } from '../../../src/index.js';

const int = (bytes: number, name = `__u${bytes * 8}`, signed = false): BtfType => ({
  kind: 'int',
  bytes,
  name,
  signed,
});
const flow: BtfType = {
  kind: 'struct',
  bytes: 32,
  name: 'flow',
  members: [
    { name: 'saddr', offset: 0, bits: 0, type: int(4, '__be32') },
    { name: 'port', offset: 32, bits: 0, type: int(2, '__be16') },
    { name: 'kind', offset: 48, bits: 3, type: int(2) },
    { name: 'more', offset: 51, bits: 7, type: int(2) },
    { name: 'seen', offset: 64, bits: 0, type: int(8) },
    { name: 'change', offset: 128, bits: 0, type: int(4, 'int', true) },
    { name: 'mac', offset: 160, bits: 0, type: { kind: 'array', bytes: 6, count: 6, element: int(1) } },
    { name: 'pair', offset: 208, bits: 0, type: { kind: 'array', bytes: 4, count: 2, element: int(2) } },
  ],
};

describe('values by BTF', () => {
  it('a structure both ways', () => {
    const value = {
      saddr: '10.0.0.1',
      port: 8080,
      kind: 5,
      more: 100,
      seen: 2n ** 63n,
      change: -2,
      mac: '02000a000001',
      pair: [1, 65_535],
    };
    const bytes = encodeBtf(flow, value);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '0a000001' + '1f90' + '2503' + '0000000000000080' + 'feffffff' + '02000a000001' + '0100ffff' + '0000',
    );
    expect(decodeBtf(flow, bytes)).toEqual(value);
  });

  it('an address wherever it fits, and zero where nothing is said', () => {
    expect(encodeBtf(flow, { mac: '02:00:0a:00:00:01' }).subarray(20, 26)).toEqual(
      Uint8Array.of(2, 0, 10, 0, 0, 1),
    );
    expect(encodeBtf(int(4), '10.0.0.1')).toEqual(Uint8Array.of(10, 0, 0, 1));
    const either: BtfType = { kind: 'bytes', bytes: 16 };
    expect(encodeBtf(either, '10.0.0.1')[0]).toBe(10);
    expect(encodeBtf(either, 'ff02::1')[15]).toBe(1);
  });

  it.each<[string, BtfType, never, RegExp]>([
    ['too large', int(2), 65_536 as never, /number of 16 bits/],
    ['negative', int(4), -1 as never, /number of 32 bits/],
    ['no number', int(4), 'x' as never, /whole number/],
    ['no such member', flow, { sadr: 1 } as never, /saddr, port/],
    ['too wide for its bits', flow, { kind: 8 } as never, /3 bits/],
    ['too many items', flow, { pair: [1, 2, 3] } as never, /at most 2/],
    ['wrong length', { kind: 'bytes', bytes: 4 }, 'ffff' as never, /4 bytes/],
  ])('%s is refused by name', (_, type, value, says) => {
    expect(() => encodeBtf(type, value)).toThrow(says);
  });

  it('signed bit fields, and 61 bits that begin in the middle of a byte', () => {
    const type: BtfType = {
      kind: 'struct',
      bytes: 9,
      name: 'packed',
      members: [
        { name: 'small', offset: 0, bits: 3, type: { kind: 'int', bytes: 4, name: 'int', signed: true } },
        { name: 'long', offset: 7, bits: 61, type: { kind: 'int', bytes: 8, name: '__u64', signed: false } },
      ],
    };
    const value = { small: -2, long: (1n << 61n) - 3n };
    expect(decodeBtf(type, encodeBtf(type, value))).toEqual(value);
    expect(() => encodeBtf(type, { small: 4 })).toThrow(/a number of 3 bits/);
    expect(() => encodeBtf(type, { long: -1 })).toThrow(/a number of 61 bits/);
  });

  const either: BtfType = {
    kind: 'union',
    bytes: 16,
    name: 'either',
    members: [
      { name: 'v4', offset: 0, bits: 0, type: int(4, '__be32') },
      { name: 'v6', offset: 0, bits: 0, type: { kind: 'array', bytes: 16, count: 16, element: int(1) } },
      { name: 'low', offset: 0, bits: 4, type: int(1) },
    ],
  };
  it('a union is every reading of its bytes, and one member is enough to make it', () => {
    const bytes = encodeBtf(either, { v4: '10.0.0.1' });
    const value = { v4: '10.0.0.1', v6: `0a000001${'00'.repeat(12)}`, low: 10 };
    expect(decodeBtf(either, bytes)).toEqual(value);
    expect(encodeBtf(either, value)).toEqual(bytes);
    expect(encodeBtf(either, value.v6)).toEqual(bytes);
    expect(encodeBtf(either, '10.0.0.1')).toEqual(bytes);
    expect(() => encodeBtf(either, { v6: value.v6, v4: '10.0.0.2' })).toThrow(
      /value\.v4: 0a000002; it takes what another member says/,
    );
    expect(() => encodeBtf(either, { v4: '10.0.0.1', low: 3 })).toThrow(/value\.low/);
  });

  it('enumerators by name, also in bit fields', () => {
    const phase: BtfType = {
      kind: 'int',
      bytes: 4,
      name: 'phase',
      signed: true,
      enumerators: { IDLE: '0', BUSY: '7', BROKEN: '-1' },
    };
    expect(decodeBtf(phase, encodeBtf(phase, 'BROKEN'))).toBe(-1);
    expect(decodeBtf(phase, encodeBtf(phase, 7))).toBe(7);
    expect(() => encodeBtf(phase, 'LOST')).toThrow(/LOST; it takes a whole number, IDLE, BUSY, BROKEN/);
    expect(() => encodeBtf(phase, 'toString')).toThrow(/whole number/);
    const packed: BtfType = {
      kind: 'struct',
      bytes: 4,
      name: 'packed',
      members: [{ name: 'phase', offset: 5, bits: 4, type: phase }],
    };
    expect(decodeBtf(packed, encodeBtf(packed, { phase: 'BUSY' }))).toEqual({ phase: 7 });
  });

  it('a key without a type is a number, too', () => {
    expect([...encodeBtf({ kind: 'bytes', bytes: 4 }, 258)]).toEqual([2, 1, 0, 0]);
    expect(() => encodeBtf({ kind: 'bytes', bytes: 16 }, 1)).toThrow(/16 bytes/);
  });
});
