// The boundary to the native core: its types, and nothing else crosses it. csrc/binding implements them.
// One call hands over a whole plan; counters are shared memory; results are protobuf bytes.

/** A row of a table that the core exports: the name is a contract, the text explains it. */
export interface Row {
  name: string;
  text: string;
}

/** A live counter: `count` only grows, `level` goes up and down. */
export interface CounterRow extends Row {
  kind: 'count' | 'level';
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
  counters: CounterRow[];
  streamCounters: CounterRow[];
  ringCounters: CounterRow[];
  coreCounters: CounterRow[];
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

/** A command to a running device; addresses are 4 or 16 bytes. */
export type ControlCommand =
  | { command: 'status' | 'stats' | 'reset' | 'enable' | 'disable' | 'clear-connections' }
  | { command: 'config'; ip: Uint8Array; port: number; protocol: number; group?: Uint8Array };

/** The device after a command, all cores added up; `stats` since the start or the last reset. */
export interface ControlReply {
  timeNs: bigint;
  enabled: boolean;
  cores: number;
  target: { ip: Uint8Array; port: number; protocol: number; groups: Uint8Array[] };
  stats: {
    received: bigint;
    processed: bigint;
    bypassed: bigint;
    responded: bigint;
    dropped: bigint;
    drops: { stage: string; reason: string; count: bigint }[];
    processingNs: { count: bigint; last: bigint; min: bigint; max: bigint; mean: number };
  };
  connections: {
    active: number;
    peak: number;
    inserted: bigint;
    closed: bigint;
    expired: bigint;
    evicted: bigint;
    rejected: bigint;
    cleared: bigint;
    lookups: bigint;
  };
  pool: { kind: string; size: number; inUse: number; inUsePeak: number; exhausted: bigint };
  /** Connections that this command cleared. */
  cleared: bigint;
}

/** The bytes of a `RunResult`; `ask` puts a command to the running device. */
export type RunHandle = Handle<Uint8Array> & { ask(command: ControlCommand): Promise<ControlReply> };

/** A network interface; null: the driver (or the kernel) does not tell. */
export interface NicRow {
  name: string;
  index: number;
  mac: string;
  mtu: number;
  up: boolean;
  carrier: boolean;
  defaultRoute: boolean;
  xdpPrograms: number;
  /** Receive queues in use. */
  queues: number;
  speedMbps: number | null;
  numaNode: number | null;
  hardwareTimestamps: { rx: boolean; tx: boolean; ptp: number | null };
  driver: string;
  bus: string;
  channels: {
    combined: number;
    maxCombined: number;
    rx: number;
    maxRx: number;
    tx: number;
    maxTx: number;
  } | null;
  rings: { rx: number; maxRx: number; tx: number; maxTx: number } | null;
  coalesce: { rxUsecs: number; rxFrames: number } | null;
  xdp: {
    native: boolean;
    redirect: boolean;
    redirectTarget: boolean;
    zeroCopy: boolean;
    multiBuffer: boolean;
    offload: boolean;
    rxTimestamp: boolean;
    txTimestamp: boolean;
  } | null;
  offloads: string[];
}

/** What this machine and this process allow. */
export interface MachineFacts {
  capabilities: { name: string; purpose: string; held: boolean }[];
  /** Null: no limit. */
  memlockBytes: number | null;
  /** The version of the library that was found; empty: none. */
  libbpf: string;
  libbpfRefusal: string;
  /** Whether the kernel tells its types (BTF). */
  kernelTypes: boolean;
}
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

/** Where a program runs. */
export type ExecutorName = 'vm' | 'jit' | 'kernel';

/** What is changed of an object before it is made real. */
export interface BpfObjectOptions {
  /** xdp or tc, for sections that do not say; '': they do. */
  type: string;
  maps: { name: string; maxEntries: number }[];
  /** Programs for the slots of the prog_array; empty: as the object has them. */
  stages: string[];
  progArray: string;
}

export interface ClassifierRunOptions extends BpfObjectOptions {
  object: string;
  program: string;
  /** A capture; '': random frames. */
  frames: string;
  random: number;
  seed: bigint;
  in: ExecutorName[];
}

export interface ClassifierRunResult {
  program: string;
  frames: bigint;
  skipped: bigint;
  verdicts: { name: string; count: bigint }[];
  mismatches: bigint;
  first: {
    frame: bigint;
    field: string;
    sides: { executor: ExecutorName; value: string }[];
    bytes: string;
  } | null;
  faults: bigint;
  firstFault: string;
  excepted: string[];
}

/** An object made real; maps go by their index in describe(). */
export interface BpfObject {
  /** JSON: programs, maps with their BTF types, entry, stages. */
  describe(): string;
  /** null: the executor does not take such a frame. */
  run(
    program: string,
    frame: Uint8Array,
  ): {
    verdict: number;
    name: string;
    frame: Uint8Array;
    instructions: bigint;
    ns: number;
    fault: string;
  } | null;
  /** A negative errno: there is no such entry, or it cannot be read. */
  read(map: number, key: Uint8Array): Uint8Array | number;
  /** Bytes of a value as read() gives it and write() takes it, every CPU's one behind the other. */
  valueBytes(map: number): number;
  /** 0 or a negative errno; flags: 0 any, 1 no entry yet, 2 an entry. */
  write(map: number, key: Uint8Array, value: Uint8Array, flags: number): number;
  remove(map: number, key: Uint8Array): number;
  /** The key behind `key` (null: the first), or a negative errno; -2 at the end. */
  nextKey(map: number, key: Uint8Array | null): Uint8Array | number;
  /**
   * Up to `count` entries behind `cursor` (null: from the start), one behind the other; `take` deletes them, too.
   * `error`: 0, or a negative errno; -2 says that the end was reached, with `count` entries before it.
   */
  readBatch(
    map: number,
    count: number,
    cursor: Uint8Array | null,
    take: boolean,
  ): { error: number; count: number; cursor: Uint8Array; keys: Uint8Array; values: Uint8Array };
  /** Keys and values one behind the other; `count`: how many were written before `error`. */
  writeBatch(map: number, keys: Uint8Array, values: Uint8Array): { error: number; count: number };
  removeBatch(map: number, keys: Uint8Array): { error: number; count: number };
  /** Events of a ringbuf since the last call. */
  drain(map: number): Uint8Array[];
  close(): void;
}

export interface LoadedStage {
  slot: number;
  name: string;
  hits: bigint;
  misses: bigint;
  ns: bigint;
  verdicts: Record<string, bigint>;
}

/** A classifier on an interface; it leaves with close(), or with the process. */
export interface LoadedClassifier {
  readonly mode: string;
  readonly entry: string;
  /** In one step; `slot`: that stage alone. Returns the names of maps that start empty. */
  swap(options: BpfObjectOptions & { object: string; program: string; slot?: number }): string[];
  stages(): LoadedStage[];
  /** Off the interface, unless it is pinned; its counters can still be read. */
  detach(): void;
  close(): void;
}

export interface Native {
  version: string;
  tables: Tables;
  /** Throws for what the core's components find impossible in a plan. */
  checkPlan(plan: Uint8Array): void;
  /**
   * Starts a run. `counters`: cells over a SharedArrayBuffer, laid out as csrc/base/counters.hpp says.
   * `stateFolder`: where what a run changes of the machine is written down until it is put back.
   */
  start(plan: Uint8Array, counters: BigUint64Array | null, stateFolder: string | null): RunHandle;
  /** Writes a capture: a temporary file, renamed when it is whole. */
  generate(plan: Uint8Array, path: string, counters: BigUint64Array | null): GenHandle;
  openDecoder(path: string): Decoder;
  loadClassifier(
    options: BpfObjectOptions & {
      object: string;
      program: string;
      interface: string;
      namespace: string;
      mode: string;
      allowed: boolean;
      pin: string;
    },
  ): LoadedClassifier;
  /** Of a classifier that is pinned in `folder`; `slot`: that stage alone. */
  swapPinned(
    folder: string,
    options: BpfObjectOptions & { object: string; program: string; slot?: number },
  ): void;
  unloadPinned(folder: string): void;
  /** Frames through one or several executors, compared. */
  classifierRun(options: ClassifierRunOptions): Handle<ClassifierRunResult>;
  /** `executor` null: only described. */
  openBpfObject(path: string, executor: ExecutorName | null, options: BpfObjectOptions): BpfObject;
  calibrate(): Promise<Calibration>;
  /** Every interface of this network namespace, but loopback. */
  nics(): NicRow[];
  /** Interfaces whose settings killed runs have changed, by what is written down in `stateFolder`. */
  nicsLeftBehind(stateFolder: string): string[];
  /** Puts them back; a sentence for each. */
  restoreNics(stateFolder: string): string[];
  machine(): MachineFacts;
  /** Runs raw bytecode; `memory` is what r1 and r2 describe (copied). Throws for a program that is refused or faults. */
  ebpfExec(
    code: Uint8Array,
    memory: Uint8Array,
    options: { cpu: number; strict: boolean; jit: boolean },
  ): { r0: bigint; instructions: bigint };
}
