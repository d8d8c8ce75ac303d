// Histograms: the summary that reports show, and merging the whole recorded ones. Recording is the native
// core's; hdr-histogram-js reads the same layout, and is loaded when it is first needed.
import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import type { Histogram } from '../run/result.js';

/** Nanoseconds. */
export type Hist = Omit<Histogram, 'hdr'>;

const nothing: Hist = {
  count: 0n,
  min: 0n,
  mean: 0,
  stddev: 0,
  p50: 0n,
  p90: 0n,
  p99: 0n,
  p999: 0n,
  p9999: 0n,
  max: 0n,
};

/** What a report says of a recorded histogram; all zeros for one that has no samples. */
export function summaryOf(recorded: Histogram | null): Hist {
  if (recorded === null) return nothing;
  const { count, min, mean, stddev, p50, p90, p99, p999, p9999, max } = recorded;
  return { count, min, mean, stddev, p50, p90, p99, p999, p9999, max };
}

/** A decoded histogram, as far as ringbed uses it. */
export interface Hdr {
  readonly stdDeviation: number;
  getValueAtPercentile(percentile: number): number;
  add(other: Hdr): void;
}

/** Decodes HdrHistogram V2 bytes. */
export function decodeHdr(bytes: Uint8Array): Hdr {
  hdr ??= loadHdr();
  return hdr.decode(bytes, 64);
}

type Decoder = { decode(bytes: Uint8Array, bitBucketSize: 64): Hdr };
let hdr: Decoder | undefined;

// Only these two of its files: the whole library, with its WebAssembly, takes 7 MiB more.
function loadHdr(): Decoder {
  const require = createRequire(import.meta.url);
  const { JsHistogram } = require('hdr-histogram-js/dist/JsHistogram.js') as { JsHistogram: Decoder };
  require('hdr-histogram-js/dist/JsHistogram.encoding.js'); // gives it decode()
  return JsHistogram;
}

/**
 * The V2-compressed form in base64, as HdrHistogram's log files and tools have it: the cookie with the
 * word size and encoding, the length, and the deflated V2 bytes.
 */
export function compressedHdr(bytes: Uint8Array): string {
  const deflated = deflateSync(bytes);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(0x1c849314, 0);
  head.writeUInt32BE(deflated.length, 4);
  return Buffer.concat([head, deflated]).toString('base64');
}

// Math.max() has no bigint.
function sorted(values: bigint[]): bigint[] {
  return values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The summary of several histograms as if one had recorded everything; percentiles as the core has them. */
export function mergeHists(recorded: readonly (Histogram | null)[]): Hist {
  const parts = recorded.filter((part) => part !== null && part.count > 0n) as Histogram[];
  const [first, ...others] = parts;
  if (first === undefined || others.length === 0) return summaryOf(first ?? null);
  const all = decodeHdr(first.hdr);
  for (const other of others) all.add(decodeHdr(other.hdr));
  const samples = parts.reduce((sum, part) => sum + part.count, 0n);
  const max = sorted(parts.map((part) => part.max)).at(-1) as bigint;
  const at = (percentile: number): bigint => {
    const value = BigInt(all.getValueAtPercentile(percentile));
    return value < max ? value : max;
  };
  return {
    count: samples,
    min: sorted(parts.map((part) => part.min))[0] as bigint,
    // Exact, where the merged histogram's own mean is that of bin centres.
    mean: parts.reduce((sum, part) => sum + part.mean * Number(part.count), 0) / Number(samples),
    stddev: all.stdDeviation,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
    max,
  };
}
