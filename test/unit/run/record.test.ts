// Run records: every byte of plan and result survives, and what is no record is refused by name.
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { RingbedError } from '../../../src/errors/index.js';
import { decodeRecord, decodeResult, encodeRecord } from '../../../src/run/index.js';
import { sampleRecord } from '../report/fixture.js';

const schema = new protobuf.Root();
schema.resolvePath = (_origin, target) =>
  `src/${target.includes('record') ? 'run' : 'scenario'}/${target.split('/').at(-1)}`;
schema.loadSync('record.proto');

function bytesOf(name: string, value: object): Uint8Array {
  const type = schema.lookupType(`ringbed.${name}`);
  const plain = JSON.parse(
    JSON.stringify(value, (_key, item) => {
      if (typeof item === 'bigint') return item.toString();
      return item instanceof Uint8Array ? Buffer.from(item).toString('base64') : item;
    }),
  );
  return type.encode(type.fromObject(plain)).finish();
}

const { plan, result, ...head } = sampleRecord();
const planBytes = bytesOf('Plan', plan);
const resultBytes = bytesOf('RunResult', result);

describe('run record', () => {
  it('comes back as it was', () => {
    const decoded = decodeRecord(encodeRecord(head, planBytes, resultBytes), 'test');
    expect(decoded.result).toEqual({
      ...result,
      stages: decoded.result.stages,
      latency: decoded.result.latency,
      streams: decoded.result.streams,
    });
    expect(decoded.result.latency[0]?.ns?.p99).toBe(result.latency[0]?.ns?.p99);
    expect(
      Buffer.compare(
        decoded.result.latency[0]?.ns?.hdr ?? new Uint8Array(),
        result.latency[0]?.ns?.hdr ?? new Uint8Array(),
      ),
    ).toBe(0);
    expect(decoded.plan).toMatchObject({ name: plan.name, seed: 42n, slo: plan.slo });
    expect(decoded).toMatchObject({ ...head, scenarioYaml: expect.anything() });
  });

  it('holds plan and result byte for byte', () => {
    const bytes = Buffer.from(encodeRecord(head, planBytes, resultBytes));
    expect(bytes.includes(Buffer.from(planBytes))).toBe(true);
    expect(bytes.includes(Buffer.from(resultBytes))).toBe(true);
  });

  it('keeps counts up to 2^64 - 1', () => {
    const large = { ...result, packets: { ...result.packets, offered: 18446744073709551615n } };
    expect(decodeResult(bytesOf('RunResult', large)).packets.offered).toBe(18446744073709551615n);
  });

  it.each([
    ['text', new Uint8Array(Buffer.from('hello, this is a text file'))],
    ['nothing', new Uint8Array()],
    ['a record cut off', encodeRecord(head, planBytes, resultBytes).slice(0, 400)],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeRecord(bytes, 'somewhere/run.pb')).toThrow(RingbedError);
    expect(() => decodeRecord(bytes, 'somewhere/run.pb')).toThrow(/somewhere\/run\.pb: not a run record/);
  });

  it('refuses a record with any byte changed, or bytes at its end', () => {
    const whole = encodeRecord(head, planBytes, resultBytes);
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => decodeRecord(changed, 'x'), `byte ${at}`).toThrow(RingbedError);
    }
    expect(() => decodeRecord(Buffer.concat([whole, Buffer.from([0xa0, 1, 1])]), 'x')).toThrow(/is damaged/);
  });

  it('refuses a record of a newer format', () => {
    const newer = encodeRecord({ ...head, format: 2, ringbedVersion: '9.0.0' }, planBytes, resultBytes);
    expect(() => decodeRecord(newer, 'x')).toThrow(/format 2, written by ringbed 9\.0\.0/);
  });
});
