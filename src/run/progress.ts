// How far a run is: the native core's live counters, by the names that it exports. The array is shared
// memory; reading it costs the run nothing and changes nothing.
import type { Tables } from '../native/index.js';

/** A glimpse of a run under way. Counts are of that moment. */
export interface Progress {
  /** Nanoseconds, virtual in `sim`. */
  timeNs: number;
  offered: number;
  received: number;
  responses: number;
  dropped: number;
  /** 0..1, or null while nobody knows where the end is. */
  share: number | null;
}

/** What a run has several of, in the plan's order: each has counters of its own. */
export interface RunParts {
  streams: readonly string[];
  queues: number;
  cores: number;
}

type CounterTables = Pick<
  Tables,
  'counters' | 'stages' | 'reasons' | 'streamCounters' | 'ringCounters' | 'coreCounters'
>;

/** The shared cells, laid out as csrc/base/counters.hpp says. */
export class LiveCounters {
  readonly cells: BigUint64Array;
  private readonly indexes: Map<string, number>;
  private readonly firstStream: number;
  private readonly firstRing: number;
  private readonly firstCore: number;

  constructor(
    readonly tables: CounterTables,
    readonly parts: RunParts = { streams: [], queues: 0, cores: 0 },
  ) {
    this.firstStream = tables.counters.length + tables.stages.length * tables.reasons.length;
    this.firstRing = this.firstStream + parts.streams.length * tables.streamCounters.length;
    this.firstCore = this.firstRing + parts.queues * tables.ringCounters.length;
    const cells = this.firstCore + parts.cores * tables.coreCounters.length;
    this.cells = new BigUint64Array(new SharedArrayBuffer(cells * BigUint64Array.BYTES_PER_ELEMENT));
    this.indexes = new Map(tables.counters.map((row, index) => [row.name, index]));
  }

  /** A counter by name; 0 for a name that the core does not have. */
  read(name: string): number {
    return Number(this.counter(name));
  }

  counter(name: string): bigint {
    const index = this.indexes.get(name);
    return index === undefined ? 0n : this.at(index);
  }

  /** Drops so far, those that are not zero. */
  drops(): { stage: string; reason: string; count: bigint }[] {
    const { counters, stages, reasons } = this.tables;
    return stages.flatMap(({ name: stage }, i) =>
      reasons.flatMap(({ name: reason }, j) => {
        const count = this.at(counters.length + i * reasons.length + j);
        return count === 0n ? [] : [{ stage, reason, count }];
      }),
    );
  }

  /** The value of the `row`th stream counter of a stream. */
  stream(index: number, row: number): bigint {
    return this.at(this.firstStream + index * this.tables.streamCounters.length + row);
  }

  ring(queue: number, row: number): bigint {
    return this.at(this.firstRing + queue * this.tables.ringCounters.length + row);
  }

  core(core: number, row: number): bigint {
    return this.at(this.firstCore + core * this.tables.coreCounters.length + row);
  }

  private at(index: number): bigint {
    return Atomics.load(this.cells, index);
  }

  progress(): Progress {
    const [timeNs, endNs, offered, endPackets] = ['time_ns', 'end_ns', 'offered', 'end_packets'].map((name) =>
      this.read(name),
    ) as [number, number, number, number];
    const share = endPackets > 0 ? offered / endPackets : endNs > 0 ? timeNs / endNs : null;
    return {
      timeNs,
      offered,
      received: this.read('received'),
      responses: this.read('responses'),
      dropped: this.read('dropped'),
      share: share === null ? null : Math.min(1, share),
    };
  }
}
