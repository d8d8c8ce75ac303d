// The types of src/run/record.proto as TypeScript sees them: what the native core returns (`RunResult`)
// and what a run leaves behind (`RunRecord`). 64-bit integers are bigint, so that no count is ever
// rounded; absent messages are null; lists are never absent. Types only: report/ reads nothing else of run/.

export interface Packets {
  offered: bigint;
  duplicated: bigint;
  received: bigint;
  processed: bigint;
  bypassed: bigint;
  responded: bigint;
  delivered: bigint;
  responses: bigint;
  offeredBytes: bigint;
  responseBytes: bigint;
  /** Due, but not sent when the time was over; not among the offered. 0 in `sim`. */
  unsent: bigint;
}

export interface Drop {
  stage: string;
  reason: string;
  count: bigint;
  /** Of these: the kernel's own reasons (`kernel_no_socket`), where it gave some. */
  kernel: NamedCount[];
}

/** Nanoseconds; `hdr` is the whole histogram in HdrHistogram V2 encoding. */
export interface Histogram {
  count: bigint;
  min: bigint;
  mean: number;
  stddev: number;
  p50: bigint;
  p90: bigint;
  p99: bigint;
  p999: bigint;
  p9999: bigint;
  max: bigint;
  hdr: Uint8Array;
}

export interface StageResult {
  name: string;
  in: bigint;
  out: bigint;
  ns: Histogram | null;
}

export interface Latency {
  name: string;
  ns: Histogram | null;
}

export interface PoolResult {
  kind: string;
  size: number;
  inUsePeak: number;
  exhausted: bigint;
  bytes: bigint;
  gets: bigint;
  puts: bigint;
}

export interface ConnectionsResult {
  kind: string;
  buckets: number;
  active: number;
  peak: number;
  inserted: bigint;
  expired: bigint;
  rejected: bigint;
  evicted: bigint;
  closed: bigint;
  cleared: bigint;
  maxChain: number;
  meanProbes: number;
  bytes: bigint;
  lookups: bigint;
}

export interface RingResult {
  name: string;
  size: number;
  peak: number;
  full: bigint;
}

export interface StreamResult {
  name: string;
  flows: number;
  offered: bigint;
  received: bigint;
  lost: bigint;
  duplicated: bigint;
  reordered: bigint;
  responses: bigint;
  response: Histogram | null;
  offeredBytes: bigint;
  gapIntended: Histogram | null;
  /** Where the frames leave; null in `sim`, where it is the intended one. */
  gapAchieved: Histogram | null;
  unsent: bigint;
}

export interface CoreResult {
  core: number;
  busyNs: bigint;
  pausedNs: bigint;
  polls: bigint;
  interrupts: bigint;
  frames: bigint;
  /** Its thread's processor plus 1; 0: not pinned. */
  cpu: number;
}

/** A kernel counter of losses that moved during the run. */
export interface KernelCounter {
  where: string;
  name: string;
  count: bigint;
}

/** What carried the frames at one end of a live world. */
export interface PortResult {
  end: string;
  backend: string;
  mode: string;
  queues: number;
  hugePages: boolean;
  rxFrames: bigint;
  txFrames: bigint;
  systemCalls: bigint;
}

/** The clock behind the times of a live run. */
export interface ClockResult {
  source: string;
  resolutionNs: bigint;
  /** Between two reads with nothing between them. */
  readNs: bigint;
  /** What the harness itself takes of every measured round trip. */
  biasNs: bigint;
  /** Who stamps the frames that the device receives: software or hardware. */
  stamps: string;
  /** By which clock, or what is missing; of responses likewise. */
  whyStamps: string;
}

export interface NamedCount {
  name: string;
  count: bigint;
}

export interface ClassifierStage {
  slot: number;
  name: string;
  hits: bigint;
  misses: bigint;
  verdicts: NamedCount[];
  ns: bigint;
}

export interface ClassifierResult {
  object: string;
  program: string;
  executor: string;
  frames: bigint;
  instructions: bigint;
  verdicts: NamedCount[];
  stages: ClassifierStage[];
  maps: { name: string; type: string; maxEntries: number; bytes: bigint; preallocated: boolean }[];
  mapBytes: bigint;
  fault: string;
  faults: bigint;
  ns: Histogram | null;
}

export interface ClassifierSwaps {
  count: bigint;
  failed: bigint;
  error: string;
  ns: Histogram | null;
}

export interface RunResult {
  interrupted: boolean;
  endNs: bigint;
  packets: Packets;
  conserved: boolean;
  imbalance: string;
  drops: Drop[];
  stages: StageResult[];
  latency: Latency[];
  pool: PoolResult | null;
  connections: ConnectionsResult | null;
  rings: RingResult[];
  streams: StreamResult[];
  cores: CoreResult[];
  digest: string;
  memoryBytes: bigint;
  ports: PortResult[];
  notes: string[];
  kernel: KernelCounter[];
  /** The generator's processor plus 1; 0: not pinned. */
  generatorCpu: number;
  /** Digest of which frame got which verdict, whenever: equal in any world that treats them alike. */
  verdicts: bigint;
  /** Null: virtual time. */
  clock: ClockResult | null;
  /** Absent in a record without one. */
  classifier?: ClassifierResult | null;
  classifierSwaps?: ClassifierSwaps | null;
}

/** A target as the plan holds it; `limit` is in nanoseconds where the metric is a time. */
export interface Slo {
  metric: string;
  op: 'LT' | 'LE' | 'EQ' | 'GE' | 'GT';
  limit: number;
  text: string;
}

/** What of the recorded plan a report shows. */
export interface RecordedPlan {
  name: string;
  description: string;
  seed: bigint;
  durationNs: bigint;
  packets: bigint;
  world: { kind: 'SIM' | 'VETH' | 'NIC'; interfaces: string[] } | null;
  /** Absent in a record without one. */
  device?: {
    enabled: boolean;
    protocol: number;
    target: { ip: Uint8Array; port: number } | null;
  } | null;
  slo: Slo[];
}

export interface Host {
  kernel: string;
  cpu: string;
  cores: number;
  node: string;
  arch: string;
}

export interface RunRecord {
  format: number;
  ringbedVersion: string;
  plan: RecordedPlan;
  result: RunResult;
  host: Host;
  startedAt: string;
  wallNs: bigint;
  command: string;
  scenarioYaml: Uint8Array;
  scenarioDigest: string;
}
