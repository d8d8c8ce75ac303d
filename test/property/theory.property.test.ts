// The whole product against closed formulas of queueing theory: random parameters go in as a scenario,
// the report has to agree with theory within the statistical error of the run. The error is estimated
// from independent replications (seeds 1 to n of the same scenario), so no tolerance is typed in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/index.js';
import { erlangB, md1k, mm1k } from '../support/queueing.js';
import { simulate } from '../support/simulate.js';

const replications = 8;
const standardErrors = 5;

interface Estimate {
  mean: number;
  error: number;
}

function estimate(values: number[]): Estimate {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length * (values.length - 1))) };
}

async function replicate<Key extends string>(
  scenario: (seed: number) => string,
  measure: (report: Report) => Record<Key, number>,
): Promise<Record<Key, Estimate>> {
  const rows: Record<Key, number>[] = [];
  for (let n = 1; n <= replications; n += 1) {
    const report = await simulate(scenario(n));
    expect(report.conserved).toBe(true);
    rows.push(measure(report));
  }
  const keys = Object.keys(rows[0] as object) as Key[];
  return Object.fromEntries(keys.map((key) => [key, estimate(rows.map((row) => row[key]))])) as Record<
    Key,
    Estimate
  >;
}

// `floor`: what rounding to nanoseconds and the wire's own time may add.
function expectAgreement(seen: Estimate, theory: number, floor: number): void {
  expect(Math.abs(seen.mean - theory)).toBeLessThan(standardErrors * seen.error + floor);
}

const droppedShare = (report: Report): number =>
  report.drops.reduce((sum, drop) => sum + Number(drop.count), 0) / Number(report.packets.offered);

// One core, one ring of `places`, no cost but `packet`; an infinitely fast wire in front of it.
const queue = (packets: number, rateKpps: number, places: number, packet: string) => (seed: number) =>
  `
name: theory
seed: ${seed}
packets: ${packets}
link: { rate: 1Tbps, delay: 0 }
nic: { rxDescriptors: ${places} }
traffic:
  - name: feed
    to: 10.0.0.2:8080
    payload: { kind: nanonet.market_data, price: 20000 }
    rate: { poisson: ${rateKpps}kpps }
device: { target: 10.0.0.2:8080 }
costs: { packet: ${packet}, byte: 0, poll: 0 }
`;

// A response pool of `buffers`, each held for `hold`; nothing else takes time.
const pool = (packets: number, rateKpps: number, buffers: number, hold: string) => (seed: number) =>
  `
name: erlang
seed: ${seed}
packets: ${packets}
link: { rate: 1Tbps, delay: 0 }
nic: { txDescriptors: 4096 }
traffic:
  - name: feed
    to: 10.0.0.2:8080
    payload: { kind: nanonet.market_data, price: 9000 }
    rate: { poisson: ${rateKpps}kpps }
device: { target: 10.0.0.2:8080, pool: { size: ${buffers} } }
costs: { packet: 0, byte: 0, probe: 0, respond: 0, poll: 0, txCompletion: ${hold} }
`;

const waitOf = (report: Report): number =>
  (report.stages.find((stage) => stage.name === 'rx_ring')?.ns.mean ?? Number.NaN) / 1000;

describe('theory', () => {
  it.each([
    ['M/M/1/K', '{ exponential: 1us }', mm1k],
    ['M/D/1/K', '1us', md1k],
  ] as const)('%s: loss and wait of the rx ring', async (_name, packet, theoryOf) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 130 }),
        fc.integer({ min: 0, max: 5 }),
        async (percent, power) => {
          const load = percent / 100;
          const places = 2 ** power;
          const theory = theoryOf(load, places);
          const seen = await replicate(queue(60_000, percent * 10, places, packet), (report) => ({
            loss: droppedShare(report),
            wait: waitOf(report),
          }));
          expectAgreement(seen.loss, theory.loss, 2e-4);
          expectAgreement(seen.wait, theory.wait, 2e-3);
        },
      ),
      { numRuns: 6 },
    );
  });

  it.each([
    ['M/M/1/K', '{ exponential: 1us }', mm1k],
    ['M/D/1/K', '1us', md1k],
  ] as const)('%s: ten million packets agree within one per cent', async (_name, packet, theoryOf) => {
    const report = await simulate(queue(10_000_000, 1100, 16, packet)(42));
    const theory = theoryOf(1.1, 16);
    expect(Math.abs(droppedShare(report) / theory.loss - 1)).toBeLessThan(0.01);
    expect(Math.abs(waitOf(report) / theory.wait - 1)).toBeLessThan(0.01);
  });

  it('Erlang B: ten million packets agree within one per cent', async () => {
    const report = await simulate(pool(10_000_000, 200, 20, '{ exponential: 100us }')(42));
    expect(Math.abs(droppedShare(report) / erlangB(20, 20) - 1)).toBeLessThan(0.01);
  });

  it('Erlang B: blocking of the response pool, whatever the law of the hold time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0.4, max: 1.6, noNaN: true }),
        fc.constantFrom('100us', '{ exponential: 100us }', '{ uniform: [50us, 150us] }'),
        async (buffers, ratio, hold) => {
          const kpps = Math.max(1, Math.round(10 * buffers * ratio));
          const scenario = pool(60_000, kpps, buffers, hold);
          const seen = await replicate(scenario, (report) => ({ blocking: droppedShare(report) }));
          expectAgreement(seen.blocking, erlangB(kpps / 10, buffers), 3e-4);
        },
      ),
      { numRuns: 6 },
    );
  });

  // Each session sends once a round: the first round finds nobody yet, the others find everybody.
  it('chained table: a hit looks at 1 + load/2 connections, a miss at load', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 2500 }),
        fc.integer({ min: 64, max: 4096 }),
        async (connections, buckets) => {
          const rounds = 20;
          const scenario = (n: number) => `
name: chains
seed: ${n}
packets: ${connections * rounds}
link: { rate: 1Tbps, delay: 0 }
traffic:
  - name: sessions
    kind: tcp
    from: 10.${n}.0.1:1024
    to: 10.0.0.2:8080
    rate: 100kpps
    tcp: { concurrent: ${connections}, dataSegments: ${rounds}, close: none }
device:
  target: 10.0.0.2:8080
  connections: { kind: chained, buckets: ${buckets}, capacity: ${connections}, idleTimeout: 60s }
costs: { packet: 0, byte: 0, poll: 0, respond: 0 }
`;
          const seen = await replicate(scenario, (report) => {
            expect(report.connections).toMatchObject({ active: connections, rejected: 0n });
            return { probes: report.connections?.meanProbes ?? Number.NaN };
          });
          const load = (connections - 1) / buckets;
          const theory = (load / 2 + (rounds - 1) * (1 + load / 2)) / rounds;
          expectAgreement(seen.probes, theory, 1e-3);
        },
      ),
      { numRuns: 6 },
    );
  });

  it('a saturated 10 Gb/s link carries 14,880,952 minimum frames a second', async () => {
    const report = await simulate(`
name: line-rate
duration: 100ms
link: { rate: 10Gbps, delay: 0, queue: 16 }
nic: { rxDescriptors: 4096 }
traffic: [{ name: feed, to: 10.0.0.2:8080, size: 60, payload: { kind: zero }, rate: 20Mpps }]
device: { target: 10.0.0.2:8080 }
costs: { packet: 0, byte: 0, poll: 0 }
`);
    // 100 ms and what the queue in front of the wire held at the end of them.
    expect(Number(report.packets.received)).toBeGreaterThanOrEqual(1_488_095);
    expect(Number(report.packets.received)).toBeLessThanOrEqual(1_488_095 + 17);
  });
});
