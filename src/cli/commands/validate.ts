// `ringbed validate`: checks a scenario without running it and says what it amounts to.
import { bytes, count, time } from '../../report/format.js';
import { table } from '../../report/table.js';
import { estimateMemory, type Loaded } from '../../scenario/index.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { lookOf, note, print } from '../output.js';
import { loadScenario, type ScenarioFlags } from '../scenario-input.js';

export interface DescribeFlags {
  explain?: boolean;
  json?: JsonFlag;
}

export function validate(path: string, flags: ScenarioFlags & DescribeFlags): number {
  const scenario = loadScenario(path, flags, { availableMemory: Number.POSITIVE_INFINITY });
  showScenario(scenario, flags);
  // It may be meant for a larger machine: that is no fault of the scenario.
  const short = scenario.shortOfMemory();
  if (short !== undefined) note(`ringbed: it is valid, but does not fit this machine\n${short.explain()}\n`);
  return 0;
}

/** A valid scenario, in one line or, with `explain`, value by value; or the same as JSON. */
export function showScenario(scenario: Loaded, { explain, json }: DescribeFlags): void {
  emitJson(json, {
    schema: 'ringbed.scenario/1',
    name: scenario.plan.name,
    digest: scenario.digest,
    streams: scenario.plan.traffic.map(({ name }) => name),
    packets: scenario.plan.packets,
    durationNs: scenario.plan.durationNs,
    memoryBytes: estimateMemory(scenario.plan).bytes,
    ...(explain ? { values: scenario.explain() } : {}),
  });
  if (!jsonOnStdout(json)) print(explain ? explainScenario(scenario) : describeScenario(scenario));
}

function describeScenario({ plan, digest }: Loaded): string {
  const bound =
    plan.packets > 0
      ? `${count(plan.packets)} packets`
      : plan.durationNs > 0
        ? time(plan.durationNs)
        : 'until its streams end';
  const streams = plan.traffic.length === 1 ? '1 stream' : `${plan.traffic.length} streams`;
  return `ok: ${plan.name}, ${streams}, ${bound}, at most ${bytes(estimateMemory(plan).bytes)} of memory, digest ${digest.slice(0, 16)}\n`;
}

/** Every effective value and where it came from, as an aligned list. */
function explainScenario(scenario: Loaded): string {
  const heads = ['value', 'is', 'from'].map((title) => ({ title, align: 'left' as const }));
  const rows = scenario.explain().map(({ path, value, origin }) => [path, value, origin]);
  return `${table({ ...lookOf(1), width: Number.POSITIVE_INFINITY }, heads, rows).join('\n')}\n`;
}
