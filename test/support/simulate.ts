// Runs a scenario given as text in the simulator, through the same doors as the command line.
import { buildReport, parseScenario, type Report, runPlan } from '../../src/index.js';

/** The report of `yaml`, run in the simulator. */
export async function simulate(yaml: string): Promise<Report> {
  const loaded = await parseScenario(yaml, { file: 'test.yaml' });
  const { record } = await runPlan({
    plan: loaded.bytes,
    digest: loaded.digest,
    yaml: new TextEncoder().encode(yaml),
    command: '',
  });
  return buildReport(record);
}
