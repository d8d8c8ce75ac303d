// What a run shows and obeys while it goes on: its control socket, and its counters for `--serve-metrics`.
import {
  type ControlServer,
  type MetricsServer,
  openMetrics,
  ownBase,
  serveControl,
  serveMetrics,
} from '../control/index.js';
import { RingbedError } from '../errors/index.js';
import { packageVersion } from '../native/index.js';
import { stringify } from '../report/index.js';
import type { RunningRun } from '../run/index.js';
import { note } from './output.js';

export interface Serving {
  /** Where what a run changes of the machine is written down; undefined: there is no place for it. */
  stateFolder: string | undefined;
  /** Give it to the run. */
  onStart(run: RunningRun): void;
  close(): void;
}

/** The folder for runs that nobody controls; undefined when there is no place for one. */
export function stateFolder(): string | undefined {
  try {
    return ownBase();
  } catch {
    return undefined;
  }
}

/** Opens the doors before the run starts, so that one whose port is taken never does. */
export async function openServing(scenario: string, metricsPort: number | undefined): Promise<Serving> {
  let running: RunningRun | undefined;
  const notYet = (): never => {
    throw new RingbedError('unavailable', 'the run has not started yet', 'try again');
  };
  let metrics: MetricsServer | undefined;
  if (metricsPort !== undefined) {
    metrics = await serveMetrics(metricsPort, () =>
      running === undefined ? '# EOF\n' : openMetrics(running.counters, scenario, packageVersion()),
    );
    note(`metrics: http://127.0.0.1:${metrics.port}/metrics\n`);
  }
  let control: ControlServer | undefined;
  let stateFolder: string | undefined;
  try {
    stateFolder = ownBase();
    control = await serveControl(
      stateFolder,
      async (command) => (running === undefined ? notYet() : running.ask(command)),
      (value) => stringify(value, 0),
    );
  } catch (error) {
    // A run that cannot be controlled is still a run.
    note(`ringbed: no control socket: ${error instanceof RingbedError ? error.explain() : String(error)}\n`);
  }
  return {
    stateFolder,
    onStart: (run) => {
      running = run;
    },
    close: () => {
      metrics?.close();
      control?.close();
    },
  };
}
