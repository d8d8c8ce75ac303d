// `ringbed sweep`: the what-if. A grid of values, a row a cell.
import { availableParallelism } from 'node:os';
import { exitCodes, RingbedError, ScenarioError } from '../../errors/index.js';
import { prepareFile, type RunInput, runPlan, writeFileAtomic } from '../../run/index.js';
import { parseAxis, renderSweep, runSweep, toCsv, worst } from '../../sweep/index.js';
import { withInterrupt } from '../interrupt.js';
import { emitJson, type JsonFlag, jsonOnStdout, prepareJson } from '../json-output.js';
import { lookOf, print } from '../output.js';
import { ProgressDisplay } from '../progress-display.js';
import { commandOf, loadScenario, runInput, type ScenarioFlags } from '../scenario-input.js';
import { stateFolder } from '../serving.js';

interface SweepFlags extends ScenarioFlags {
  vary: string[];
  repeat: number;
  jobs?: number;
  json?: JsonFlag;
  csv?: string;
  quiet?: boolean;
}

export async function sweep(path: string, given: SweepFlags): Promise<number> {
  const axes = given.vary.map(parseAxis);
  // An axis of seeds takes the place of --seed.
  const { seed: _, ...seedless } = given;
  const flags = axes.some((axis) => axis.path === 'seed') ? seedless : given;
  const base = loadScenario(path, flags);
  const live = base.plan.world.kind !== 'SIM' || axes.some((axis) => axis.path.split('.')[0] === 'world');
  const jobs = jobsOf(flags.jobs, live, base.plan.world.kind === 'NIC');
  const availableMemory = process.availableMemory() / jobs;
  const compile = (sets: readonly string[], repeat: number) => {
    const cell = namingAxes(sets, () => loadScenario(path, flags, { more: sets, availableMemory }));
    const seed = String(cell.plan.seed + repeat);
    const scenario =
      repeat === 0 ? cell : loadScenario(path, { ...flags, seed }, { more: sets, availableMemory });
    return runInput(
      scenario,
      commandOf('run', path, { ...flags, seed, set: [...(flags.set ?? []), ...sets] }),
    );
  };
  prepareJson(flags.json);
  if (flags.csv !== undefined) prepareFile(flags.csv);
  const folder = live ? stateFolder() : undefined;
  const { rows, interrupted } = await withInterrupt((signal) => {
    let progress: ProgressDisplay | undefined;
    const onStart = (): void => {
      progress = new ProgressDisplay(base.plan.name, flags.quiet === true);
    };
    const onProgress = (finished: number, total: number): void =>
      progress?.show(`${finished} of ${total} runs`, finished / total);
    const run = async (input: RunInput, stop: AbortSignal | undefined) =>
      (await runPlan(input, { signal: stop, stateFolder: folder })).record;
    const watch = { signal, onStart, onProgress };
    return runSweep({ axes, repeat: flags.repeat, jobs, compile, run, ...watch }).finally(() =>
      progress?.clear(),
    );
  });

  const repeatCommand = commandOf('sweep', path, flags, [
    ...flags.vary.flatMap((text) => ['--vary', text]),
    ...(flags.repeat > 1 ? ['--repeat', String(flags.repeat)] : []),
  ]);
  const document = {
    schema: 'ringbed.sweep/1',
    scenario: { name: base.plan.name, digest: base.digest },
    axes,
    repeat: flags.repeat,
    interrupted,
    rows: rows.map(({ status: _, ...row }) => row),
    command: repeatCommand,
  };
  if (!jsonOnStdout(flags.json)) {
    const heading = { name: base.plan.name, interrupted, repeat: flags.repeat, command: repeatCommand };
    print(renderSweep(rows, heading, lookOf(1)));
  }
  if (flags.csv !== undefined) writeFileAtomic(flags.csv, toCsv(rows));
  emitJson(flags.json, document);
  return worst([...rows.map((row) => row.status), interrupted ? exitCodes.interrupted : 0]);
}

// Runs in real time take processors from each other and measure that; two on one interface cannot be.
function jobsOf(given: number | undefined, live: boolean, nic: boolean): number {
  if (nic && given !== undefined && given > 1) {
    throw new RingbedError('usage', '--jobs: runs on one interface go one after the other', 'leave it out');
  }
  return given ?? (live ? 1 : availableParallelism());
}

// A cell's values are `--set`s; its mistakes are those of a `--vary`.
function namingAxes<Result>(sets: readonly string[], body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const own = new Map(sets.map((set) => [`--set ${set}`, `--vary ${set}`]));
    const faults = error.faults.map((fault) => ({ ...fault, file: own.get(fault.file) ?? fault.file }));
    throw new ScenarioError(faults, error.hint);
  }
}
