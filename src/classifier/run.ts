// Frames through a program in one or several executors, compared after every frame.
import { fromNative } from '../errors/index.js';
import { type ClassifierRunResult, type ExecutorName, loadNative } from '../native/index.js';
import { nativeOptions, type ObjectOptions, objectPath, whole } from './object.js';

export interface RunClassifierOptions extends Omit<ObjectOptions, 'in'> {
  /** Default: the program that is no stage. */
  program?: string | undefined;
  /** A capture, or so many random frames. */
  frames?: string | undefined;
  random?: number | undefined;
  seed?: bigint | undefined;
  /** Default: vm alone. */
  in?: readonly ExecutorName[];
  signal?: AbortSignal;
}

/** What `ringbed classifier run --json` prints. */
export interface ClassifierRun {
  program: string;
  in: ExecutorName[];
  seed: bigint;
  frames: bigint;
  /** Frames that an executor does not take. */
  skipped: bigint;
  verdicts: Record<string, bigint>;
  mismatches: bigint;
  /** `frame` counts from 0; a key for each of the two executors. */
  first: ({ frame: bigint; field: string; bytes: string } & Partial<Record<ExecutorName, string>>) | null;
  faults: bigint;
  firstFault?: string;
  /** What could not be compared, and why. */
  excepted: string[];
}

/** @throws RingbedError: the object, the executors, the capture */
export async function runClassifier(
  object: string,
  options: RunClassifierOptions = {},
): Promise<ClassifierRun> {
  const executors = [...(options.in ?? ['vm'])];
  const seed = options.seed ?? 1n;
  const handle = loadNative().classifierRun({
    ...nativeOptions(options),
    object: objectPath(object),
    program: options.program ?? '',
    frames: options.frames ?? '',
    random: whole('random', options.random ?? 0, 0, Number.MAX_SAFE_INTEGER),
    seed,
    in: executors,
  });
  const stop = () => handle.stop();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    return present(await handle.result, executors, seed);
  } catch (error) {
    throw fromNative(error);
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

function present(run: ClassifierRunResult, executors: ExecutorName[], seed: bigint): ClassifierRun {
  const { verdicts, first, firstFault, ...rest } = run;
  return {
    program: rest.program,
    in: executors,
    seed,
    frames: rest.frames,
    skipped: rest.skipped,
    verdicts: Object.fromEntries(verdicts.map(({ name, count }) => [name, count])),
    mismatches: rest.mismatches,
    first:
      first === null
        ? null
        : {
            frame: first.frame,
            field: first.field,
            ...Object.fromEntries(first.sides.map(({ executor, value }) => [executor, value])),
            bytes: first.bytes,
          },
    faults: rest.faults,
    ...(firstFault === '' ? {} : { firstFault }),
    excepted: rest.excepted,
  };
}
