import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitRate,
  dimensions,
  formatQuantity,
  packetRate,
  parseDecimal,
  parseQuantity,
  share,
  size,
  time,
  toInteger,
  toNumber,
} from '../../../src/scenario/units.js';

function base(text: string, scale = 1n): bigint | undefined {
  const quantity = parseQuantity(text, dimensions);
  return quantity.kind === 'quantity' ? toInteger(quantity.value, scale) : undefined;
}

describe('parseQuantity', () => {
  it.each([
    ['500ns', time, 500_000_000n],
    ['1.5ms', time, 1_500_000_000_000n],
    ['0.05ns', time, 50_000n],
    ['7fs', time, 7n],
    ['3ps', time, 3_000n],
    ['10us', time, 10_000_000_000n],
    ['10µs', time, 10_000_000_000n],
    ['10μs', time, 10_000_000_000n],
    ['2min', time, 120_000_000_000_000_000n],
    ['1h', time, 3_600_000_000_000_000_000n],
    ['1 s', time, 1_000_000_000_000_000n],
    ['1e3ns', time, 1_000_000_000n],
    ['10Gbps', bitRate, 10_000_000_000n],
    ['2.5Gbps', bitRate, 2_500_000_000n],
    ['1Tbps', bitRate, 1_000_000_000_000n],
    ['64kbps', bitRate, 64_000n],
    ['64Kbps', bitRate, 64_000n],
    ['9bps', bitRate, 9n],
    ['100kpps', packetRate, 100_000n],
    ['1.48Mpps', packetRate, 1_480_000n],
    ['1_000_000pps', packetRate, 1_000_000n],
    ['64KiB', size, 65_536n],
    ['1kB', size, 1_000n],
    ['1KB', size, 1_000n],
    ['2MiB', size, 2_097_152n],
    ['3MB', size, 3_000_000n],
    ['1GiB', size, 1_073_741_824n],
    ['9B', size, 9n],
  ] as const)('%s', (text, dimension, value) => {
    const quantity = parseQuantity(text, dimensions);
    expect(quantity).toMatchObject({ kind: 'quantity', dimension });
    expect(base(text)).toBe(value);
  });

  it('reads a percent as a share', () => {
    const quantity = parseQuantity('12.5%', [share]);
    expect(quantity.kind === 'quantity' && toNumber(quantity.value)).toBe(0.125);
  });

  it.each([
    ['10gbps', 'Gbps'],
    ['10GBPS', 'Gbps'],
    ['5Ms', 'ms'],
    ['64kib', 'KiB'],
    ['5sec', undefined],
    ['5nss', 'ns'],
    ['1parsec', undefined],
  ])('%s has an unknown unit; nearest %s', (text, close) => {
    expect(parseQuantity(text, [time, bitRate, size])).toMatchObject({ kind: 'unknownUnit', nearest: close });
  });

  it.each([
    '',
    'ns',
    'abc',
    '1__0ns',
    '_1ns',
    '1_ns',
    '.',
    '.ns',
    '1.2.3ns',
    '--1ns',
    '1e9999ns',
    '9'.repeat(100),
    '٣ns',
  ])('%s is no number', (text) => {
    expect(parseQuantity(text, dimensions).kind).toBe('notANumber');
  });

  it('keeps bare numbers apart', () => {
    expect(parseQuantity('5', dimensions)).toMatchObject({ kind: 'bare' });
    expect(parseQuantity('1_000.5', dimensions)).toMatchObject({
      kind: 'bare',
      value: { digits: 10_005n, exponent: -1 },
    });
  });
});

describe('exactness', () => {
  it('never rounds: a value that is no whole multiple is refused', () => {
    expect(base('0.05ns', 1_000n)).toBe(50n);
    expect(base('0.5ps', 1_000n)).toBeUndefined();
    expect(base('0.1ns', 1_000_000n)).toBeUndefined();
    expect(base('0.3ns', 1_000n)).toBe(300n);
  });

  it('agrees with decimal arithmetic for any digits', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 0, max: 6 }),
        (digits, places) => {
          const padded = String(digits).padStart(places + 1, '0');
          const text = places === 0 ? padded : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
          expect(base(`${text}ns`)).toBe((digits * 1_000_000n) / 10n ** BigInt(places));
        },
      ),
    );
  });
});

describe('formatQuantity', () => {
  it.each([
    [1_500_000_000n, time, '1.5us'],
    [50_000n, time, '50ps'],
    [0n, time, '0fs'],
    [60_000_000_000_000_000n, time, '1min'],
    [61_000_000_000_000_000n, time, '61s'],
    [65_536n, size, '64KiB'],
    [1_500n, size, '1.5kB'],
    [10_000_000_000n, bitRate, '10Gbps'],
  ] as const)('%i', (value, dimension, text) => {
    expect(formatQuantity(value, dimension)).toBe(text);
  });

  it.each(dimensions.filter((dimension) => dimension !== share))(
    'what it prints is read back the same: $name',
    (dimension) => {
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: 2n ** 70n }), (value) => {
          const quantity = parseQuantity(formatQuantity(value, dimension), [dimension]);
          expect(quantity).toMatchObject({ kind: 'quantity', dimension });
          expect(quantity.kind === 'quantity' && toInteger(quantity.value)).toBe(value);
        }),
      );
    },
  );
});

describe('parseDecimal', () => {
  it('is total and agrees with Number where both read it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
        (text) => {
          const decimal = parseDecimal(text);
          if (decimal !== undefined && !text.includes('_')) expect(toNumber(decimal)).toBe(Number(text) + 0);
        },
      ),
    );
  });
});
