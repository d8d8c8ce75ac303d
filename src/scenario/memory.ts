// How much memory a plan asks for, by the sizes that it states, before anything is allocated. An estimate
// from above: rings, buffers, tables and per-flow state at the sizes that the native core gives them.
import type { Plan } from './plan.js';
import type { Path } from './tree.js';

export interface MemoryPart {
  /** The value in the scenario to make smaller. */
  readonly path: Path;
  readonly bytes: number;
}

export interface MemoryEstimate {
  readonly bytes: number;
  /** Largest first. */
  readonly parts: readonly MemoryPart[];
}

// Bytes of one item, rounded up to what allocators and cache lines make of it.
const descriptorBytes = 32;
const connectionBytes = 128;
const bucketBytes = 16;
const flowBytes = 128;
const sessionBytes = 128;
const orderBytes = 128;
const queuedFrameBytes = 64;
const valueBytes = 64;
/** Code, histograms and what does not depend on the plan. */
const baseBytes = 64 * 2 ** 20;

/** Bytes that a run of the plan needs at most. */
export function estimateMemory(plan: Plan): MemoryEstimate {
  const { nic, device, link } = plan;
  const parts: MemoryPart[] = [
    {
      path: ['nic', 'rxDescriptors'],
      bytes: nic.queues * nic.rxDescriptors * (descriptorBytes + nic.bufferBytes),
    },
    { path: ['nic', 'txDescriptors'], bytes: nic.queues * nic.txDescriptors * descriptorBytes },
    { path: ['link', 'queue'], bytes: link.queueFrames * (queuedFrameBytes + link.mtuBytes) },
    {
      path: ['device', 'pool', 'size'],
      bytes: device.pool.size * (device.pool.bufferBytes + descriptorBytes),
    },
    { path: ['device', 'connections', 'capacity'], bytes: device.connections.capacity * connectionBytes },
    { path: ['device', 'connections', 'buckets'], bytes: device.connections.buckets * bucketBytes },
    {
      path: ['device', 'logic', 'orderCache'],
      bytes: plan.core.count * device.logic.orderCache * orderBytes,
    },
  ];
  for (const [index, stream] of plan.traffic.entries()) {
    const at = (...steps: string[]): Path => ['traffic', index, ...steps];
    parts.push({ path: at('flows'), bytes: stream.flows * flowBytes });
    if (stream.tcp !== null)
      parts.push({ path: at('tcp', 'concurrent'), bytes: stream.tcp.concurrent * sessionBytes });
    const programs = [...stream.fields, ...(stream.payload?.fields ?? [])];
    const ranks = programs.map(({ kind, values, min, max }) =>
      kind === 'ZIPF' && values.length === 0 ? max - min + 1 : values.length,
    );
    parts.push({ path: at('payload'), bytes: ranks.reduce((sum, count) => sum + count, 0) * valueBytes });
  }
  parts.sort((a, b) => b.bytes - a.bytes);
  return { bytes: parts.reduce((sum, part) => sum + part.bytes, baseBytes), parts };
}

export interface MemoryShortage {
  readonly bytes: number;
  readonly available: number;
  /** Those that most of it is for, largest first. */
  readonly parts: readonly MemoryPart[];
}

/** By how much a plan asks for more than the `available` bytes; undefined: it does not. */
export function memoryShortage(plan: Plan, available: number): MemoryShortage | undefined {
  const { bytes, parts } = estimateMemory(plan);
  if (bytes <= available) return undefined;
  return { bytes, available, parts: parts.filter((part) => part.bytes >= bytes / 10) };
}

export function readableBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const amount = bytes / 2 ** (10 * step);
  return `${amount.toFixed(step === 0 || amount >= 100 ? 0 : 1)} ${units[step]}`;
}
