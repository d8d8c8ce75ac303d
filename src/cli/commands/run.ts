// `ringbed run`: one run of a scenario, its report, and the exit status that its objectives decide.
import { loadNative } from '../../native/index.js';
import { buildReport, latencyCurves, renderReport, reportStatus, stringify } from '../../report/index.js';
import { prepareStore, runPlan, storeRun } from '../../run/index.js';
import { withInterrupt } from '../interrupt.js';
import { emitJson, type JsonFlag, jsonOnStdout, prepareJson } from '../json-output.js';
import { lookOf, print } from '../output.js';
import { ProgressDisplay } from '../progress-display.js';
import { commandOf, loadScenario, runInput, type ScenarioFlags } from '../scenario-input.js';
import { openServing } from '../serving.js';
import { showScenario } from './validate.js';

interface RunFlags extends ScenarioFlags {
  json?: JsonFlag;
  out?: string;
  explain?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
  serveMetrics?: number;
}

export async function run(path: string, flags: RunFlags): Promise<number> {
  const scenario = loadScenario(path, flags);
  if (flags.explain || flags.dryRun) {
    showScenario(scenario, flags);
    return 0;
  }
  if (flags.out !== undefined) prepareStore(flags.out);
  prepareJson(flags.json);
  // Before progress says that anything has started.
  loadNative();
  const input = runInput(scenario, commandOf('run', path, flags));
  const serving = await openServing(scenario.plan.name, flags.serveMetrics);
  const { stateFolder, onStart } = serving;
  const finished = await withInterrupt((signal) => {
    const progress = new ProgressDisplay(
      scenario.plan.name,
      flags.quiet === true,
      scenario.plan.world.kind !== 'SIM',
    );
    return runPlan(input, { signal, onProgress: progress.update, onStart, stateFolder }).finally(() => {
      progress.clear();
      serving.close();
    });
  });
  const report = buildReport(finished.record);
  if (flags.out !== undefined) storeRun(flags.out, finished, `${stringify(report)}\n`);
  if (!jsonOnStdout(flags.json)) print(renderReport(report, lookOf(1), latencyCurves(finished.record)));
  emitJson(flags.json, report);
  return reportStatus(report);
}
