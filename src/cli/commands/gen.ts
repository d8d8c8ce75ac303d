// `ringbed gen`: a scenario's traffic as a capture file.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes } from '../../errors/index.js';
import { bytes, count } from '../../report/format.js';
import { generateCapture } from '../../run/index.js';
import { withInterrupt } from '../interrupt.js';
import { note, print } from '../output.js';
import { ProgressDisplay } from '../progress-display.js';
import { loadScenario, type ScenarioFlags } from '../scenario-input.js';

export async function gen(
  path: string,
  flags: ScenarioFlags & { out: string; quiet?: boolean },
): Promise<number> {
  const scenario = loadScenario(path, flags);
  let interrupted = false;
  const written = await withInterrupt((signal) => {
    const progress = new ProgressDisplay(scenario.plan.name, flags.quiet === true);
    signal.addEventListener('abort', () => {
      interrupted = true;
    });
    return generateCapture(scenario.bytes, resolve(flags.out), {
      signal,
      onProgress: progress.update,
    }).finally(() => progress.clear());
  });
  const cut = interrupted ? ' (interrupted: the part up to there)' : '';
  // Where the capture itself goes to a terminal or through a pipe, nothing may follow it.
  const tell = statSync(flags.out).isFile() ? print : note;
  tell(`${flags.out}: ${count(written.frames)} frames, ${bytes(written.bytes)}${cut}\n`);
  return interrupted ? exitCodes.interrupted : 0;
}
