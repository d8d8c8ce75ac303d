// Run records as bytes (src/run/record.proto). Plan and result stay byte for byte what the compiler and
// the native core made: they are spliced in as they are, not encoded again.
import protobuf from 'protobufjs/minimal.js';
import { RingbedError } from '../errors/index.js';
import { decodeMessage, encodeMessage } from '../scenario/index.js';
import type { RunRecord, RunResult } from './result.js';

/** The record format this version writes, and the newest it reads. */
export const recordFormat = 1;

// RunRecord's field numbers of the two messages that are spliced in; a length and bytes follow (wire type 2).
const planField = 3;
const resultField = 4;

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
  return Buffer.concat([encodeMessage('RunRecord', { ...head, plan: null, result: null }), tail.finish()]);
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
