// A run record with something of everything, made from a fixed random sequence: what report tests render.
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import type { Histogram, RunRecord } from '../../../src/run/result.js';

const { build } = createRequire(import.meta.url)('hdr-histogram-js');

/** A repeatable sequence of numbers in 0..1. */
export function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** A histogram of `samples`, encoded as the native core encodes it (V2, not compressed). */
export function histogramOf(samples: Iterable<number>): Histogram {
  const hdr = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 40,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
  });
  for (const sample of samples) hdr.recordValue(sample);
  const compressed = Buffer.from(hdr.encodeIntoCompressedBase64(), 'base64');
  const at = (percentile: number): bigint =>
    BigInt(hdr.totalCount === 0 ? 0 : Math.min(hdr.getValueAtPercentile(percentile), hdr.maxValue));
  return {
    count: BigInt(hdr.totalCount),
    min: BigInt(hdr.totalCount === 0 ? 0 : hdr.minNonZeroValue),
    mean: hdr.mean,
    stddev: hdr.stdDeviation,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
    max: BigInt(hdr.maxValue),
    hdr: new Uint8Array(inflateSync(compressed.subarray(8))),
  };
}

function* lognormal(seed: number, samples: number, median: number, sigma: number): Iterable<number> {
  const random = randoms(seed);
  for (let i = 0; i < samples; i++) {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    yield Math.round(median * Math.exp(sigma * normal));
  }
}

// Made once: recording takes longer than all the tests that look at it.
const response = histogramOf(lognormal(1, 100_000, 3400, 0.5));
const device = histogramOf(lognormal(2, 150_000, 180, 0.3));
const waiting = histogramOf(lognormal(3, 10_000, 900, 0.8));
const responding = histogramOf(lognormal(4, 10_000, 60, 0.1));
const none = histogramOf([]);

/** 200,000 frames offered, 1,200 dropped, two streams, one objective missed. */
export function sampleRecord(): RunRecord {
  return {
    format: 1,
    ringbedVersion: '0.1.0',
    plan: {
      name: 'nanonet-multicast',
      description: 'Market data on a multicast group through the published device, default sizes.',
      seed: 42n,
      durationNs: 1_000_000_000n,
      packets: 0n,
      world: { kind: 'SIM', interfaces: [] },
      slo: [
        { metric: 'drops', op: 'EQ', limit: 0, text: '0' },
        { metric: 'latency.p99', op: 'LT', limit: 20_000, text: '< 20us' },
        { metric: 'latency.poolHold.p99', op: 'LT', limit: 20_000, text: '< 20us' },
      ],
    },
    result: {
      interrupted: false,
      endNs: 1_000_012_345n,
      packets: {
        offered: 200_000n,
        duplicated: 12n,
        received: 199_112n,
        processed: 150_000n,
        bypassed: 48_812n,
        responded: 100_020n,
        delivered: 198_812n,
        responses: 100_000n,
        offeredBytes: 13_200_000n,
        responseBytes: 8_300_000n,
        unsent: 0n,
      },
      conserved: true,
      imbalance: '',
      drops: [
        { stage: 'rx_ring', reason: 'rx_ring_full', count: 900n, kernel: [] },
        { stage: 'parse', reason: 'ip_checksum', count: 7n, kernel: [] },
        { stage: 'respond', reason: 'pool_empty', count: 293n, kernel: [] },
      ],
      stages: [
        { name: 'link', in: 200_012n, out: 200_012n, ns: null },
        { name: 'rx_ring', in: 200_012n, out: 199_112n, ns: waiting },
        { name: 'parse', in: 199_112n, out: 199_105n, ns: device },
        { name: 'respond', in: 100_313n, out: 100_020n, ns: responding },
      ],
      latency: [
        { name: 'response', ns: response },
        { name: 'device', ns: device },
        { name: 'poolHold', ns: none },
      ],
      pool: {
        kind: 'fifo',
        size: 256,
        inUsePeak: 256,
        exhausted: 293n,
        bytes: 384_000n,
        gets: 100_020n,
        puts: 100_020n,
      },
      connections: {
        kind: 'chained',
        buckets: 1024,
        active: 12,
        peak: 512,
        inserted: 800n,
        expired: 3n,
        rejected: 0n,
        evicted: 0n,
        closed: 785n,
        cleared: 0n,
        maxChain: 4,
        meanProbes: 1.26,
        bytes: 131_072n,
        lookups: 150_000n,
      },
      rings: [
        { name: 'rx0', size: 1024, peak: 1024, full: 900n },
        { name: 'tx0', size: 1024, peak: 37, full: 0n },
      ],
      streams: [
        {
          name: 'feed',
          flows: 1,
          offered: 150_000n,
          received: 149_400n,
          lost: 600n,
          duplicated: 9n,
          reordered: 0n,
          responses: 100_000n,
          response,
          offeredBytes: 9_900_000n,
          gapIntended: null,
          gapAchieved: null,
          unsent: 0n,
        },
        {
          name: 'background',
          flows: 100_000,
          offered: 50_000n,
          received: 49_700n,
          lost: 300n,
          duplicated: 3n,
          reordered: 2n,
          responses: 0n,
          response: null,
          offeredBytes: 3_300_000n,
          gapIntended: null,
          gapAchieved: null,
          unsent: 0n,
        },
      ],
      cores: [
        {
          core: 0,
          busyNs: 412_000_000n,
          pausedNs: 10_000_000n,
          polls: 88_123n,
          interrupts: 0n,
          cpu: 0,
          frames: 199_112n,
        },
      ],
      digest: 'c0ffee00c0ffee00',
      memoryBytes: 5_242_880n,
      ports: [],
      notes: [],
      kernel: [],
      generatorCpu: 0,
      verdicts: 0xfacen,
      clock: null,
      classifier: null,
      classifierSwaps: null,
    },
    host: { kernel: 'Linux 6.1.0', cpu: 'test', cores: 2, node: 'v20.19.0', arch: 'x64' },
    startedAt: '2026-01-02T03:04:05.000Z',
    wallNs: 210_000_000n,
    command: 'ringbed run scenarios/nanonet-multicast.yaml --seed 42',
    scenarioYaml: new Uint8Array(Buffer.from('name: nanonet-multicast\n')),
    scenarioDigest: 'a'.repeat(64),
  };
}
