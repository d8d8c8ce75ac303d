// Run records as bytes (src/run/record.proto). Plan and result stay byte for byte what the compiler and
// the native core made: they are spliced in as they are, not encoded again. The last field is a hash of
// everything in front of it: a record that lost or changed a byte is refused, not reported.
import { createHash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';
import { RingbedError } from '../errors/index.js';
import { decodeMessage, encodeMessage } from '../scenario/index.js';
import type { RunRecord, RunResult } from './result.js';

/** The record format this version writes, and the newest it reads. */
export const recordFormat = 1;

// RunRecord's field numbers of the two messages that are spliced in; a length and bytes follow (wire type 2).
const planField = 3;
const resultField = 4;
// ... and of the seal: tag, length, SHA-256.
const sealHead = Buffer.from([(15 << 3) | 2, 32]);
const sealBytes = sealHead.length + 32;

const seal = (bytes: Uint8Array): Buffer =>
  Buffer.concat([sealHead, createHash('sha256').update(bytes).digest()]);

/** What the native core returned. */
export function decodeResult(bytes: Uint8Array): RunResult {
  return decodeMessage('RunResult', bytes, 'bigint') as unknown as RunResult;
}

/** Everything of a record but plan and result, which are given as bytes. */
export type RecordHead = Omit<RunRecord, 'plan' | 'result'>;

export function encodeRecord(head: RecordHead, plan: Uint8Array, result: Uint8Array): Uint8Array {
  const tail = protobuf.Writer.create();
  tail.uint32((planField << 3) | 2).bytes(plan);
  tail.uint32((resultField << 3) | 2).bytes(result);
  // Protobuf fields may stand in any order.
  const bytes = Buffer.concat([
    encodeMessage('RunRecord', { ...head, plan: null, result: null, sha256: new Uint8Array() }),
    tail.finish(),
  ]);
  return Buffer.concat([bytes, seal(bytes)]);
}

/** @throws RingbedError `invalid` for bytes that are no record, or one of a newer ringbed */
export function decodeRecord(bytes: Uint8Array, from: string): RunRecord {
  let record: RunRecord;
  try {
    record = decodeMessage('RunRecord', bytes, 'bigint') as unknown as RunRecord;
  } catch (cause) {
    throw notARecord(from, cause);
  }
  if (record.format > recordFormat) {
    throw new RingbedError(
      'invalid',
      `${from}: run record format ${record.format}, written by ringbed ${record.ringbedVersion}; this ringbed reads up to ${recordFormat}`,
      'use a newer ringbed',
    );
  }
  if (record.format < 1 || !record.plan || !record.result?.packets || !record.host) throw notARecord(from);
  if (Buffer.compare(bytes.subarray(-sealBytes), seal(bytes.subarray(0, -sealBytes))) !== 0) {
    throw new RingbedError(
      'invalid',
      `${from}: a run record that is damaged: its bytes are not those that were written`,
      'use an undamaged copy, or repeat the run',
    );
  }
  return record;
}

function notARecord(from: string, cause?: unknown): RingbedError {
  return new RingbedError(
    'invalid',
    `${from}: not a run record, or cut off`,
    'give the folder that `ringbed run --out DIR` wrote, or the run.pb in it',
    { cause },
  );
}
