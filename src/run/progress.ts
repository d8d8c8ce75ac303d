// How far a run is: the native core's live counters, by the names that it exports. The array is shared
// memory; reading it costs the run nothing and changes nothing.
import type { Row } from '../native/index.js';

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

export class LiveCounters {
  readonly cells: BigUint64Array;
  private readonly indexes: Map<string, number>;

  constructor(rows: readonly Row[]) {
    this.cells = new BigUint64Array(new SharedArrayBuffer(rows.length * BigUint64Array.BYTES_PER_ELEMENT));
    this.indexes = new Map(rows.map((row, index) => [row.name, index]));
  }

  /** A counter by name; 0 for a name that the core does not have. */
  read(name: string): number {
    const index = this.indexes.get(name);
    return index === undefined ? 0 : Number(Atomics.load(this.cells, index));
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
