import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/errors/index.js';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['recieve', 'receive', 1],
    ['ab', 'ba', 1],
    ['ca', 'abc', 3],
  ])('%s → %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is symmetric and bounded by the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('nearest', () => {
  const keys = ['rate', 'size', 'payload', 'rxDescriptors', 'txDescriptors', 'rx_ring_full', 'to'];

  it.each([
    ['rte', 'rate'],
    ['paylaod', 'payload'],
    ['rxdescriptors', 'rxDescriptors'],
    ['rx_descriptors', 'rxDescriptors'],
    ['rxRingFull', 'rx_ring_full'],
    ['tdDescriptors', 'txDescriptors'],
  ])('%s means %s', (slip, meant) => {
    expect(nearest(slip, keys)).toBe(meant);
  });

  it.each(['banana', 'x', '', 'zzzz', 'q'.repeat(1000)])('nothing is near %s', (word) => {
    expect(nearest(word, keys)).toBeUndefined();
  });

  it('never proposes the word itself', () => {
    expect(nearest('rate', ['rate'])).toBeUndefined();
  });
});
