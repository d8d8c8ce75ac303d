// Run records of any bytes, as `ringbed report` meets them: read and shown, or refused by name.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingbedError } from '../../src/errors/index.js';
import { buildReport, latencyCurves, renderReport, stringify } from '../../src/report/index.js';
import { decodeRecord, encodeRecord } from '../../src/run/record.js';
import { encodeMessage, parseScenario } from '../../src/scenario/index.js';
import { sampleRecord } from '../unit/report/fixture.js';

const { plan: _, result, ...head } = sampleRecord();
const plan = parseScenario('traffic: [{ to: 239.1.1.1:8080 }]\nslo: { drops: 0 }', { file: 's.yaml' }).bytes;
const good = encodeRecord(head, plan, encodeMessage('RunResult', result));
const look = { width: 80, color: false, unicode: true };

function show(bytes: Uint8Array): void {
  let record: ReturnType<typeof decodeRecord>;
  try {
    record = decodeRecord(bytes, 'x.pb');
  } catch (error) {
    expect(error).toBeInstanceOf(RingbedError);
    expect((error as RingbedError).code).toBe('invalid');
    return;
  }
  const report = buildReport(record);
  JSON.parse(stringify(report));
  try {
    expect(renderReport(report, look, latencyCurves(record))).toContain('Packets');
  } catch (error) {
    expect(error).toBeInstanceOf(RingbedError);
  }
}

describe('run records', () => {
  it('of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => show(bytes)),
      { numRuns: 300 },
    );
  });

  it('with bytes changed or cut off', () => {
    const change = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 4 }),
        fc.option(fc.nat({ max: good.length }), { nil: good.length }),
        (changes, end) => {
          const bytes = Uint8Array.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          show(bytes.subarray(0, end));
        },
      ),
      { numRuns: 400 },
    );
  });
});
