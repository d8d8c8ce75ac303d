// The normalised scenario as TypeScript sees it: the messages of scenario.proto, camelCase, enums by name,
// 64-bit integers as numbers up to 2^53 - 1. An absent message is null; nothing else is ever absent.

export interface Plan {
  name: string;
  description: string;
  seed: number;
  durationNs: number;
  packets: number;
  warmupNs: number;
  world: World;
  link: Link;
  nic: Nic;
  core: Core;
  traffic: Stream[];
  classifier: Classifier | null;
  device: Device;
  costs: Costs;
  faults: PlanFault[];
  slo: Slo[];
  generator: Generator;
}

export interface World {
  kind: 'SIM' | 'VETH' | 'NIC';
  interfaces: string[];
  /** Of these, although down or with a default route; only a flag puts them here. */
  allowed: string[];
}

/** How a live world sends the streams; `engine` is empty where the world chooses. */
export interface Generator {
  engine: string;
  socket: SocketPort;
}

export interface Distribution {
  kind: 'CONSTANT' | 'EXPONENTIAL' | 'UNIFORM' | 'NORMAL' | 'LOGNORMAL' | 'PARETO';
  aPs: number;
  bPs: number;
  sigmaMilli: number;
}

export interface Link {
  rateBps: number;
  delayPs: number;
  jitter: Distribution;
  loss: number;
  duplicate: number;
  reorder: number;
  reorderDelayPs: number;
  corrupt: number;
  queueFrames: number;
  mtuBytes: number;
}

export interface Nic {
  queues: number;
  rxDescriptors: number;
  txDescriptors: number;
  coalescePs: number;
  coalesceFrames: number;
  multicastFilter: 'EXACT' | 'HASH' | 'PROMISCUOUS';
  dmaDelayPs: number;
  checkFcs: boolean;
  rssKey: Uint8Array;
  retaSize: number;
  bufferBytes: number;
}

export interface Core {
  poll: 'BUSY' | 'INTERRUPT';
  count: number;
  batch: number;
  budget: number;
  noise: { rateHz: number; length: Distribution };
}

export interface Costs {
  packet: Distribution;
  byteFemtoseconds: number;
  probe: Distribution;
  coldProbe: Distribution;
  classifier: Distribution;
  respond: Distribution;
  txCompletion: Distribution;
  poll: Distribution;
  interrupt: Distribution;
  yield: Distribution;
  profile: string;
}

export interface Endpoint {
  mac: Uint8Array;
  ip: Uint8Array;
  port: number;
}

export interface Stream {
  name: string;
  kind: 'UDP' | 'TCP' | 'SYN_FLOOD' | 'REPLAY';
  from: Endpoint | null;
  to: Endpoint | null;
  vlans: Vlan[];
  ttl: number;
  dscp: number;
  rate: Rate;
  payload: Payload | null;
  fields: FieldProgram[];
  startNs: number;
  stopNs: number;
  packets: number;
  flows: number;
  tcp: TcpSession | null;
  replay: Replay | null;
  udpChecksum: boolean;
}

export interface Vlan {
  tpid: number;
  pcp: number;
  dei: number;
  vid: number;
}

export interface Rate {
  kind: 'CONSTANT' | 'POISSON' | 'BURST' | 'RAMP';
  unit: 'PPS' | 'BPS' | 'LINE_SHARE';
  rate: number;
  rateTo: number;
  rampNs: number;
  onNs: number;
  offNs: number;
}

export interface Payload {
  kind: string;
  littleEndian: boolean;
  data: Uint8Array;
  size: Size | null;
  fields: FieldProgram[];
}

export interface Size {
  kind: 'CHOICE' | 'UNIFORM';
  choices: number[];
  weights: number[];
  min: number;
  max: number;
}

export interface FieldProgram {
  field: string;
  kind: 'LIST' | 'INCREMENT' | 'UNIFORM' | 'ZIPF' | 'WALK' | 'CHOICE';
  values: Value[];
  min: number;
  max: number;
  step: number;
  exponent: number;
  sigma: number;
  start: number;
  weights: number[];
}

/** `data` is empty for a number. */
export interface Value {
  number: number;
  data: Uint8Array;
}

export interface TcpSession {
  concurrent: number;
  dataSegments: number;
  close: 'FIN' | 'RST' | 'NONE';
  handshake: 'FULL' | 'SYN_ONLY' | 'NO_HANDSHAKE';
}

export interface Replay {
  file: string;
  fileSha256: Uint8Array;
  timing: 'HONOURED' | 'SCALED' | 'IGNORED';
  speed: number;
  loops: number;
  rewrite: { field: string; from: Value | null; to: Value }[];
}

export interface Classifier {
  object: string;
  stages: string[];
  program: string;
  /** Empty for an object that ships with ringbed. */
  objectSha256: Uint8Array;
  type: '' | 'xdp' | 'tc';
  maps: { name: string; maxEntries: number }[];
  progArray: string;
  instructionFemtoseconds: number;
  swaps: number;
  swapEveryNs: number;
  options: StageOptions;
}

export type StageVerdict = 'RING' | 'KERNEL' | 'DROP';

export interface StageOptions {
  match: StageVerdict;
  otherwise: StageVerdict;
  limitPps: number;
  limitBurst: number;
  sampleEvery: number;
}

export interface Device {
  kind: string;
  address: Endpoint;
  target: Endpoint;
  protocol: number;
  respondTo: Endpoint;
  join: Uint8Array[];
  littleEndian: boolean;
  verifyChecksums: boolean;
  pool: { kind: string; size: number; bufferBytes: number };
  connections: {
    kind: string;
    buckets: number;
    capacity: number;
    policy: 'REJECT_NEW' | 'EVICT_OLDEST';
    idleTimeoutNs: number;
  };
  logic: { kind: string; priceBelowCents: number; quantity: number; orderCache: number; every: number };
  enabled: boolean;
  port: string;
  xdp: XdpPort;
  socket: SocketPort;
  partialChecksums: Choice;
}

/** How kernel sockets are used, at either end. */
export interface SocketPort {
  gso: boolean;
  gro: boolean;
  busyPollUs: number;
  budget: number;
}

export type Choice = 'AUTO' | 'OFF' | 'ON';

export interface XdpPort {
  mode: 'ANY_MODE' | 'NATIVE' | 'GENERIC';
  copy: 'ANY_COPY' | 'ZERO_COPY' | 'COPY';
  busyPoll: Choice;
  busyPollUs: number;
  budget: number;
  needWakeup: boolean;
  hugePages: Choice;
  liveFrames: Choice;
  hardwareStamps: Choice;
}

/** A fault on the run's timeline (`faults:` of the scenario). */
export interface PlanFault {
  atNs: number;
  forNs: number;
  kind: 'PAUSE' | 'LINK_DOWN' | 'LOSS_BURST' | 'STALL';
  core: number;
  queue: number;
  probability: number;
}

export interface Slo {
  metric: string;
  op: 'LT' | 'LE' | 'EQ' | 'GE' | 'GT';
  limit: number;
  text: string;
}
