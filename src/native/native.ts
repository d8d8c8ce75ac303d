// The boundary to the native core: its types, and nothing else crosses it. csrc/binding implements them.
// One call hands over a whole plan; counters are shared memory; results are protobuf bytes.

/** A row of a table that the core exports: the name is a contract, the text explains it. */
export interface Row {
  name: string;
  text: string;
}

export interface Field {
  name: string;
  type: 'uint' | 'mac' | 'ipv4' | 'ipv6' | 'ascii' | 'bytes' | 'bool';
  offsetBits: number;
  bits: number;
  settable: boolean;
  text: string;
}

/** The lists that both sides need; the core owns them. */
export interface Tables {
  reasons: Row[];
  stages: Row[];
  counters: Row[];
  pools: Row[];
  tables: Row[];
  logics: Row[];
  backends: (Row & { available: boolean; reason: string; hint: string })[];
  protocols: (Row & { fields: Field[] })[];
  payloads: (Row & { size: number; fields: Field[] })[];
}

/** Work on a native thread. stop() ends it early and cleanly: `result` still resolves. */
export interface Handle<Result> {
  stop(): void;
  readonly result: Promise<Result>;
}

/** The bytes of a `RunResult`. */
export type RunHandle = Handle<Uint8Array>;
export type GenHandle = Handle<{ frames: bigint; bytes: bigint }>;

export interface Decoder {
  /** Up to `maxFrames` JSON lines, each ending in a newline; null at the end of the capture. */
  next(maxFrames: number): string | null;
  close(): void;
  /** What was wrong with the capture (cut off, for instance); known after the last next(). */
  problem(): { message: string; hint: string } | null;
}

/** Picoseconds by name of a cost. */
export type Calibration = { name: string; ps: number | bigint }[];

export interface Native {
  version: string;
  tables: Tables;
  /** Starts a run. `counters`: one cell a row of tables.counters, over a SharedArrayBuffer. */
  start(plan: Uint8Array, counters: BigUint64Array | null): RunHandle;
  /** Writes a capture: a temporary file, renamed when it is whole. */
  generate(plan: Uint8Array, path: string, counters: BigUint64Array | null): GenHandle;
  openDecoder(path: string): Decoder;
  calibrate(): Promise<Calibration>;
  /** Runs raw bytecode; `memory` is what r1 and r2 describe (copied). Throws for a program that is refused or faults. */
  ebpfExec(
    code: Uint8Array,
    memory: Uint8Array,
    options: { cpu: number; strict: boolean; jit: boolean },
  ): { r0: bigint; instructions: bigint };
}
