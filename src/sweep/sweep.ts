// A sweep: a scenario over a grid, several runs at once. Rows come out in grid order whatever finishes
// first, and a run knows nothing of its neighbours, so that digests are equal for any number of jobs.
import { type RunInput, type RunRecord, runPlan } from '../run/index.js';
import { type Axis, type Cell, gridOf } from './grid.js';
import { type Row, rowOf } from './row.js';

export interface SweepOptions {
  axes: readonly Axis[];
  /** Runs of each cell, with seeds that count up from the scenario's. */
  repeat: number;
  /** Runs at once. */
  jobs: number;
  /** Compiles the scenario with a cell's values; `repeat` counts from 0 and shifts the seed. */
  compile(sets: readonly string[], repeat: number): RunInput;
  /** Default: the native core. */
  run?: (input: RunInput, signal: AbortSignal | undefined) => Promise<RunRecord>;
  signal?: AbortSignal | undefined;
  /** Every cell is good, and the first run comes next. */
  onStart?: (() => void) | undefined;
  onProgress?: ((finished: number, total: number) => void) | undefined;
}

export interface SweepResult {
  rows: Row[];
  /** Rows are missing, or some of their runs were cut short. */
  interrupted: boolean;
}

/** Runs the whole grid. Every cell is compiled once before the first run, so that a bad value costs no run. */
export async function runSweep(options: SweepOptions): Promise<SweepResult> {
  const { axes, repeat, signal } = options;
  const run = options.run ?? (async (input, stop) => (await runPlan(input, { signal: stop })).record);
  const cells = gridOf(axes);
  for (const cell of cells) options.compile(cell.sets, 0);
  options.onStart?.();

  const paths = axes.map((axis) => axis.path);
  const total = cells.length * repeat;
  const records: (RunRecord | undefined)[] = Array(total).fill(undefined);
  const rows: (Row | undefined)[] = Array(cells.length).fill(undefined);
  let next = 0;
  let finished = 0;
  let failed = false;

  const finish = (cell: Cell): void => {
    const from = cell.index * repeat;
    const own = records.slice(from, from + repeat);
    if (own.some((record) => record === undefined)) return;
    rows[cell.index] = rowOf(cell, paths, own as RunRecord[]);
    // The row holds what is needed; the histograms of a large grid would add up.
    records.fill(undefined, from, from + repeat);
  };
  const work = async (): Promise<void> => {
    while (next < total && !signal?.aborted && !failed) {
      const at = next++;
      const cell = cells[Math.floor(at / repeat)] as Cell;
      try {
        records[at] = await run(options.compile(cell.sets, at % repeat), signal);
      } catch (error) {
        failed = true;
        throw error;
      }
      finish(cell);
      options.onProgress?.(++finished, total);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, total) }, work));

  const done = rows.filter((row) => row !== undefined);
  return { rows: done, interrupted: done.length < cells.length || done.some((row) => row.interrupted) };
}
