// `ringbed classifier run`: frames through a program in one or several executors; exit status 3 where they
// differ, or where the VM had to stop the program.
import { type ClassifierRun, runClassifier } from '../../classifier/index.js';
import { exitCodes, RingbedError } from '../../errors/index.js';
import { withInterrupt } from '../interrupt.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { print } from '../output.js';
import { executorsOf, type ObjectFlags, objectOptions } from './classifier-flags.js';

export interface RunFlags extends ObjectFlags {
  program?: string;
  frames?: string;
  random?: number;
  seed: string;
  json?: JsonFlag;
}

const someFrames = 10_000;

export async function classifierRun(object: string, flags: RunFlags): Promise<number> {
  if (!/^\d+$/.test(flags.seed) || BigInt(flags.seed) >= 2n ** 64n)
    throw new RingbedError('usage', `--seed ${flags.seed} is no number of 64 bits`);
  const random = flags.frames === undefined ? (flags.random ?? someFrames) : undefined;
  const run = await withInterrupt((signal) =>
    runClassifier(object, {
      ...objectOptions(flags),
      program: flags.program,
      frames: flags.frames,
      random,
      seed: BigInt(flags.seed),
      in: executorsOf(flags),
      signal,
    }),
  );
  emitJson(flags.json, run);
  if (!jsonOnStdout(flags.json)) print(text(run));
  return run.mismatches > 0n || run.faults > 0n ? exitCodes.slo : 0;
}

function text(run: ClassifierRun): string {
  const verdicts = Object.entries(run.verdicts).map(([name, frames]) => `  ${name} ${frames}\n`);
  const skipped = run.skipped > 0n ? ` (${run.skipped} more were not taken)` : '';
  const lines = [`${run.program}: ${run.frames} frames in ${run.in.join(', ')}${skipped}\n`, ...verdicts];
  if (run.firstFault !== undefined) lines.push(`stopped ${run.faults} times, the first: ${run.firstFault}\n`);
  for (const why of run.excepted) lines.push(`not compared: ${why}\n`);
  if (run.first !== null) {
    const { frame, field, bytes, ...sides } = run.first;
    // What a whole look at the maps finds at the end is of no one frame.
    const where = bytes === '' ? 'behind the last frame' : `at frame ${frame}`;
    lines.push(`MISMATCH ${where}, ${field}\n`);
    for (const [name, value] of Object.entries(sides)) lines.push(`  ${name.padEnd(6)} ${value}\n`);
    if (bytes !== '') lines.push(`  frame  ${bytes}\n`);
  } else if (run.in.length > 1) lines.push('no mismatch\n');
  return lines.join('');
}
