// A run's record as the report that users read: the JSON contract `ringbed.report/1`. Names are a
// contract: add, never rename. In memory 64-bit counts are bigint; stringify() writes them as JSON
// numbers while these are exact and as strings above 2^53.
import type {
  ClassifierResult,
  ClassifierSwaps,
  ClockResult,
  ConnectionsResult,
  NamedCount,
  Packets,
  PoolResult,
  PortResult,
  RingResult,
  RunRecord,
  RunResult,
  StreamResult,
} from '../run/result.js';
import { type Hist, summaryOf } from './hist.js';
import { notesOf } from './notes.js';
import { evaluateSlos, type SloOutcome } from './slo.js';

export interface Report {
  schema: 'ringbed.report/1';
  scenario: { name: string; description: string; digest: string };
  seed: bigint;
  /** `ns`: time of the run, virtual in `sim`. `ports`: what carried the frames of a live world. */
  world: { kind: string; interfaces: string[]; ns: bigint; ports: PortResult[] };
  /** The clock that the times are of; absent where time is virtual. */
  clock?: ClockResult;
  interrupted: boolean;
  packets: Packets;
  conserved: boolean;
  /** Where conservation broke; absent where it held. */
  imbalance?: string;
  /** For people: why a sound run may not be what was meant. */
  notes: string[];
  /** `kernel`: of these, the reasons that the kernel gave, by its own names; absent where it gave none. */
  drops: { stage: string; reason: string; count: bigint; kernel?: Record<string, bigint> }[];
  stages: { name: string; in: bigint; out: bigint; ns: Hist }[];
  latency: Record<string, Hist>;
  pool: PoolResult | null;
  connections: ConnectionsResult | null;
  rings: RingResult[];
  streams: (Omit<StreamResult, 'response' | 'gapIntended' | 'gapAchieved'> & {
    response: Hist;
    gapIntended: Hist;
    /** Where the frames leave; empty in `sim`. */
    gapAchieved: Hist;
  })[];
  cores: {
    core: number;
    busyNs: bigint;
    pausedNs: bigint;
    polls: bigint;
    interrupts: bigint;
    frames: bigint;
    /** The processor that its thread was pinned to, in live worlds. */
    cpu?: number;
  }[];
  /** Live worlds: the processor of the generator's thread; null: none, or it was not pinned. */
  generator?: { cpu: number | null };
  /** Live worlds: kernel counters of losses that moved, by the kernel's own names. */
  kernel?: { where: string; name: string; count: bigint }[];
  /** Absent where the scenario has none; verdicts by name, the entry program last of the stages. */
  classifier?: {
    object: string;
    program: string;
    executor: string;
    frames: bigint;
    instructions: bigint;
    verdicts: Record<string, bigint>;
    stages: {
      slot: number;
      name: string;
      hits: bigint;
      misses: bigint;
      verdicts: Record<string, bigint>;
      ns: bigint;
    }[];
    maps: { name: string; type: string; maxEntries: number; bytes: bigint; preallocated: boolean }[];
    mapBytes: bigint;
    fault?: string;
    faults: bigint;
    ns: Hist;
    /** Of a live run that was asked for them: it was loaded anew and took its own place. */
    swaps?: { count: bigint; failed: bigint; error: string; ns: Hist };
  };
  slo: SloOutcome[];
  digest: string;
  /** Digest of which frame got which verdict, whenever: equal in any world that treats them alike. */
  verdicts: string;
  memoryBytes: bigint;
  /** What differs from repeat to repeat, apart from everything that must not. */
  run: {
    ringbed: string;
    command: string;
    startedAt: string;
    wallNs: bigint;
    host: { kernel: string; cpu: string; cores: number; node: string; arch: string };
  };
}

/** The report of a run; SLOs are judged here and nowhere else. */
export function buildReport(record: RunRecord): Report {
  const { plan, result } = record;
  const isLive = (plan.world?.kind ?? 'SIM') !== 'SIM';
  const report: Report = {
    schema: 'ringbed.report/1',
    scenario: { name: plan.name, description: plan.description, digest: record.scenarioDigest },
    seed: plan.seed,
    world: {
      kind: (plan.world?.kind ?? 'SIM').toLowerCase(),
      interfaces: plan.world?.interfaces ?? [],
      ns: result.endNs,
      ports: result.ports,
    },
    ...(result.clock === null ? {} : { clock: result.clock }),
    interrupted: result.interrupted,
    packets: { ...result.packets },
    conserved: result.conserved,
    ...(result.imbalance === '' ? {} : { imbalance: result.imbalance }),
    notes: notesOf(record),
    drops: result.drops.map(({ kernel, ...drop }) =>
      kernel.length === 0 ? drop : { ...drop, kernel: byName(kernel) },
    ),
    stages: result.stages.map((stage) => ({ ...stage, ns: summaryOf(stage.ns) })),
    latency: Object.fromEntries(result.latency.map((latency) => [latency.name, summaryOf(latency.ns)])),
    pool: result.pool,
    connections: result.connections,
    rings: result.rings,
    streams: result.streams.map((stream) => ({
      ...stream,
      response: summaryOf(stream.response),
      gapIntended: summaryOf(stream.gapIntended),
      gapAchieved: summaryOf(stream.gapAchieved),
    })),
    // Records hold a processor's number plus 1.
    cores: result.cores.map(({ cpu, ...core }) => (cpu === 0 ? core : { ...core, cpu: cpu - 1 })),
    ...(isLive ? liveParts(result) : {}),
    ...(result.classifier == null
      ? {}
      : { classifier: classifierOf(result.classifier, result.classifierSwaps) }),
    slo: [],
    digest: result.digest,
    verdicts: result.verdicts.toString(16).padStart(16, '0'),
    memoryBytes: result.memoryBytes,
    run: {
      ringbed: record.ringbedVersion,
      command: record.command,
      startedAt: record.startedAt,
      wallNs: record.wallNs,
      host: record.host,
    },
  };
  report.slo = evaluateSlos(plan.slo, report);
  return report;
}

function liveParts({ generatorCpu, kernel }: RunResult): Pick<Report, 'generator' | 'kernel'> {
  return { generator: { cpu: generatorCpu === 0 ? null : generatorCpu - 1 }, kernel };
}

const byName = (counts: readonly NamedCount[]): Record<string, bigint> =>
  Object.fromEntries(counts.map(({ name, count }) => [name, count]));

function classifierOf(
  { fault, ...rest }: ClassifierResult,
  swaps: ClassifierSwaps | null | undefined,
): NonNullable<Report['classifier']> {
  return {
    ...rest,
    verdicts: byName(rest.verdicts),
    stages: rest.stages.map((stage) => ({ ...stage, verdicts: byName(stage.verdicts) })),
    ...(fault === '' ? {} : { fault }),
    ns: summaryOf(rest.ns),
    ...(swaps == null ? {} : { swaps: { ...swaps, ns: summaryOf(swaps.ns) } }),
  };
}

/** Exit status of a finished run: 0, 1 (it broke its own books), 3 (an SLO missed) or 130 (interrupted). */
export function reportStatus(report: Report): 0 | 1 | 3 | 130 {
  if (!report.conserved) return 1;
  if (report.interrupted) return 130;
  return report.slo.every((outcome) => outcome.ok) ? 0 : 3;
}

/** JSON text, one document; a 64-bit count above 2^53 is a string, every other a number. */
export function stringify(value: unknown, indent = 2): string {
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? jsonInteger(item) : item), indent);
}

function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}
