// Runs of the command line in live worlds: what is missing here, the report, and the part of it that must not
// depend on the world.
import { ringbed } from '../e2e/cli.js';
import { whyNoNamespaces } from './namespaces.js';

/** Why live tests cannot run here, said once; with REQUIRE_LIVE=1 an error. */
export function missingHere(programs: string[]): string | undefined {
  const missing = whyNoNamespaces(programs);
  if (missing === undefined) return undefined;
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests on veth skipped: ${missing}`);
  return missing;
}

interface Gaps {
  count: number;
  mean: number;
  min: number;
  max: number;
}

export interface Report {
  world: { kind: string; ns: number; ports: { end: string; backend: string; mode: string }[] };
  conserved: boolean;
  interrupted: boolean;
  packets: Record<string, number>;
  notes: string[];
  drops: { stage: string; reason: string; count: number; kernel?: Record<string, number> }[];
  streams: {
    name: string;
    offered: number;
    received: number;
    lost: number;
    responses: number;
    unsent: number;
    gapIntended: Gaps;
    gapAchieved: Gaps;
  }[];
  connections: Record<string, unknown>;
  latency: Record<string, { count: number; min: number; p50: number }>;
  pool: { kind: string; inUsePeak: number };
  verdicts: string;
}

export function report(path: string, on: string, ...more: string[]): Report {
  const { status, stdout, stderr } = ringbed(['run', path, '--on', on, '--json', '--quiet', ...more]);
  if (status !== 0 && status !== 3) throw new Error(`status ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

// So slow, and with so many descriptors, that only a machine that stops for seconds could drop a frame.
export const gentle = [
  '--set',
  'nic.rxDescriptors=8192',
  '--set',
  'nic.txDescriptors=8192',
  '--set',
  'device.pool.size=4096',
];

/** The functional part: what was done with which frames, not when. */
export function functional(run: Report) {
  const { kind, buckets, active, inserted, rejected, evicted, lookups } = run.connections;
  return {
    packets: run.packets,
    drops: run.drops,
    // Which frame got which verdict: packet by packet.
    verdicts: run.verdicts,
    streams: run.streams.map(({ name, offered, received, lost, responses }) => ({
      name,
      offered,
      received,
      lost,
      responses,
    })),
    connections: { kind, buckets, active, inserted, rejected, evicted, lookups },
  };
}
