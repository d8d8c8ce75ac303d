import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, count, percent, scaled, significant, time } from '../../../src/report/format.js';

describe('format', () => {
  it.each([
    [0, '0 ns'],
    [1, '1 ns'],
    [999, '999 ns'],
    [999.9, '1.00 µs'],
    [1000, '1 µs'],
    [1250, '1.25 µs'],
    [12_500n, '12.5 µs'],
    [999_999, '1.00 ms'],
    [10_000_000, '10 ms'],
    [61_000_000_000n, '61 s'],
    [5_400_000_000_000, '5,400 s'],
  ])('time %s', (ns, text) => expect(time(ns)).toBe(text));

  it.each([
    [0n, '0'],
    [999, '999'],
    [1000, '1,000'],
    [18446744073709551615n, '18,446,744,073,709,551,615'],
  ])('count %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [0, 10, '0 %'],
    [1, 0, '0 %'],
    [1, 10, '10.0 %'],
    [10, 10, '100 %'],
    [1, 100_000_000, '< 0.0001 %'],
    [7, 200_012, '0.0035 %'],
  ])('percent %s of %s', (part, whole, text) => expect(percent(part, whole)).toBe(text));

  it('scaled and bytes', () => {
    expect(scaled(999.4)).toBe('999');
    expect(scaled(4_980_000)).toBe('4.98 M');
    expect(bytes(384_000n)).toBe('375 KiB');
    expect(bytes(1023)).toBe('1,023 B');
  });

  it('keeps every value within half of its third digit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e12, noNaN: true }), (value) => {
        const read = Number(significant(value).replace(/,/g, ''));
        expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.max(0.5, 0.005 * value));
      }),
    );
  });
});
