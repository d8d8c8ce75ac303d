// One run: hands the plan to the native core once, watches its counters, and returns the record.
import { fromNative } from '../errors/index.js';
import {
  type ControlCommand,
  type ControlReply,
  type Handle,
  loadNative,
  packageVersion,
} from '../native/index.js';
import { describeHost } from './host.js';
import { LiveCounters, type Progress, type RunParts } from './progress.js';
import { decodeRecord, encodeRecord, recordFormat } from './record.js';
import type { RunRecord } from './result.js';

/** What a run needs of a compiled scenario. */
export interface RunInput {
  /** The encoded Plan. */
  plan: Uint8Array;
  /** The scenario's digest. */
  digest: string;
  /** The scenario as the user wrote it. */
  yaml: Uint8Array;
  /** Repeats the run. */
  command: string;
  /** What of it has live counters of its own; default: only the run as a whole. */
  parts?: RunParts;
}

/** A run under way, for whoever serves its counters or controls its device. */
export interface RunningRun {
  counters: LiveCounters;
  ask(command: ControlCommand): Promise<ControlReply>;
}

export interface WatchOptions {
  /** Ends the run cleanly: its record is marked interrupted. */
  signal?: AbortSignal | undefined;
  /** Called every `intervalMs` milliseconds while the run goes on. */
  onProgress?: ((progress: Progress) => void) | undefined;
  intervalMs?: number | undefined;
  /** Called once, when the run has started. */
  onStart?: ((run: RunningRun) => void) | undefined;
  /** Where what the run changes of the machine is written down; default: nowhere. */
  stateFolder?: string | undefined;
}

export interface FinishedRun {
  record: RunRecord;
  /** The record encoded: what run.pb holds. */
  bytes: Uint8Array;
}

/** Runs a plan to its end, or until `signal`. @throws RingbedError from the core */
export async function runPlan(input: RunInput, options: WatchOptions = {}): Promise<FinishedRun> {
  const native = loadNative();
  const startedAt = new Date().toISOString();
  const started = process.hrtime.bigint();
  const result = await watch(
    (counters) => {
      const handle = native.start(input.plan, counters?.cells ?? null, options.stateFolder ?? null);
      if (counters !== null) {
        options.onStart?.({
          counters,
          ask: async (command) => {
            try {
              return await handle.ask(command);
            } catch (error) {
              throw fromNative(error);
            }
          },
        });
      }
      return handle;
    },
    options,
    input.parts,
  );
  const wallNs = process.hrtime.bigint() - started;
  const head = {
    format: recordFormat,
    ringbedVersion: packageVersion(),
    host: describeHost(),
    startedAt,
    wallNs,
    command: input.command,
    scenarioYaml: input.yaml,
    scenarioDigest: input.digest,
  };
  const bytes = encodeRecord(head, input.plan, result);
  return { record: decodeRecord(bytes, 'the run just made'), bytes };
}

/** Writes a plan's traffic into a capture file. */
export async function generateCapture(
  plan: Uint8Array,
  path: string,
  options: WatchOptions = {},
): Promise<{ frames: bigint; bytes: bigint }> {
  return watch((counters) => loadNative().generate(plan, path, counters?.cells ?? null), options);
}

// Starts native work, reports progress, stops it when the signal says so.
async function watch<Result>(
  start: (counters: LiveCounters | null) => Handle<Result>,
  { signal, onProgress, onStart, intervalMs = 100 }: WatchOptions,
  parts?: RunParts,
): Promise<Result> {
  const watched = onProgress !== undefined || onStart !== undefined;
  const counters = watched ? new LiveCounters(loadNative().tables, parts) : null;
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  try {
    const handle = start(counters);
    stop = () => handle.stop();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (counters !== null && onProgress !== undefined)
      timer = setInterval(() => onProgress(counters.progress()), intervalMs);
    return await handle.result;
  } catch (error) {
    throw fromNative(error);
  } finally {
    clearInterval(timer);
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
  }
}
