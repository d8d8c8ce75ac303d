// The canonical encoding, held against protobufjs's own reader of the same .proto files.
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { decodeMessage, decodePlan, encodeMessage, encodePlan } from '../../../src/scenario/index.js';
import { planOf } from './support.js';

const root = protobuf.Root.fromJSON(
  JSON.parse(readFileSync(new URL('../../../generated/proto.json', import.meta.url), 'utf8')),
);
const rich = planOf(`
name: rich
seed: 9007199254740991
link: { loss: 1%, jitter: { normal: { mean: 1us, stddev: 1ns } } }
traffic:
  - { name: a, to: 239.1.1.1:8080, size: imix, vlan: [1, 2], payload: { price: { choice: [{ value: 1, weight: 0.5 }, { value: 4294967295 }] } } }
  - { name: b, to: 239.1.1.1:8080, kind: tcp, fields: { ipv4.src: { increment: { from: 10.0.0.1, to: 255.255.255.255 } } } }
faults: [{ at: 1ms, lossBurst: { for: 1ms, probability: 25% } }]
slo: { latency.p99: "< 10us", drops: 0 }
`);

describe('the encoding of a plan', () => {
  it('is what protobufjs reads', () => {
    const type = root.lookupType('ringbed.Plan');
    const theirs = type.toObject(type.decode(encodePlan(rich)), {
      longs: Number,
      enums: String,
      defaults: true,
      bytes: Array,
    });
    const plain = JSON.parse(
      JSON.stringify(rich, (_, value) => (value instanceof Uint8Array ? [...value] : value)),
    );
    expect(theirs).toEqual(plain);
  });

  it('is decoded to the same plan', () => {
    expect(decodePlan(encodePlan(rich))).toEqual(rich);
  });

  it('is canonical: no defaults, fields in number order, whatever the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(rich).reverse());
    expect(encodeMessage('Plan', reversed)).toEqual(encodePlan(rich));
    expect(encodeMessage('Value', { number: 0, data: new Uint8Array() })).toHaveLength(0);
    expect(encodeMessage('Value', { data: Uint8Array.of(1), number: 300 })).toEqual(
      Uint8Array.of(8, 0xac, 2, 18, 1, 1),
    );
  });
});

describe('strictness', () => {
  const value = { number: 1, data: new Uint8Array() };

  it.each([
    [{ ...value, extra: 1 }, /Value.extra is no field/],
    [{ number: 1 }, /Value.data is undefined, not bytes/],
    [{ ...value, number: '1' }, /Value.number is 1, not a 64-bit number/],
    [{ ...value, number: -1 }, /not a 64-bit number/],
    [{ ...value, number: 1.5 }, /not a 64-bit number/],
    [{ ...value, number: 2 ** 53 }, /not a 64-bit number/],
    [{ ...value, number: 2n ** 64n }, /not a 64-bit number/],
    [{ ...value, data: 'x' }, /not bytes/],
  ])('refuses wrong value %#', (wrong, says) => {
    expect(() => encodeMessage('Value', wrong)).toThrow(says);
  });

  it('covers enums, doubles, 32-bit numbers and lists', () => {
    const rate = { kind: 'CONSTANT', unit: 'PPS', rate: 1, rateTo: 0, rampNs: 0, onNs: 0, offNs: 0 };
    expect(() => encodeMessage('Rate', { ...rate, kind: 'CONSTNT' })).toThrow(/one of CONSTANT, POISSON/);
    expect(() => encodeMessage('Rate', { ...rate, rate: Number.NaN })).toThrow(/finite/);
    expect(() => encodeMessage('Vlan', { tpid: 2 ** 32, pcp: 0, dei: 0, vid: 0 })).toThrow(/32-bit/);
    expect(() => encodeMessage('Classifier', { object: '', stages: 'x' })).toThrow(/a list/);
    expect(() => encodeMessage('Nobody', {})).toThrow(/no message Nobody/);
  });
});

describe('decoding', () => {
  it('keeps 64-bit numbers exact as bigint, and refuses to round them to numbers', () => {
    const bytes = encodeMessage('Value', { number: 2n ** 64n - 1n, data: new Uint8Array() });
    expect(decodeMessage('Value', bytes, 'bigint')).toEqual({
      number: 2n ** 64n - 1n,
      data: new Uint8Array(),
    });
    expect(() => decodeMessage('Value', bytes)).toThrow(/beyond 2\^53 - 1/);
  });

  it('skips fields of a newer version', () => {
    expect(decodeMessage('Value', Uint8Array.of(8, 5, 0xf8, 7, 1))).toMatchObject({ number: 5 });
  });

  it.each([
    [Uint8Array.of(8)],
    [Uint8Array.of(18, 200, 1)],
    [Uint8Array.of(13, 0, 0, 0, 0)],
    [Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
  ])('%s is not a message', (bytes) => {
    expect(() => decodeMessage('Value', bytes)).toThrow(/^not a Value: /);
  });
});
