// `ringbed validate`: checks a scenario without running it and says what it amounts to.
import { bytes, count, time } from '../../report/format.js';
import { table } from '../../report/table.js';
import { estimateMemory, type Loaded } from '../../scenario/index.js';
import { lookOf, print } from '../output.js';
import { loadScenario, type ScenarioFlags } from '../scenario-input.js';

export function validate(path: string, flags: ScenarioFlags & { explain?: boolean }): number {
  const scenario = loadScenario(path, flags, { availableMemory: Number.POSITIVE_INFINITY });
  print(flags.explain ? explainScenario(scenario) : describeScenario(scenario));
  return 0;
}

/** A valid scenario in one line. */
export function describeScenario({ plan, digest }: Loaded): string {
  const bound = plan.packets > 0 ? `${count(plan.packets)} packets` : time(plan.durationNs);
  const streams = plan.traffic.length === 1 ? '1 stream' : `${plan.traffic.length} streams`;
  return `ok: ${plan.name}, ${streams}, ${bound}, at most ${bytes(estimateMemory(plan).bytes)} of memory, digest ${digest.slice(0, 16)}\n`;
}

/** Every effective value and where it came from, as an aligned list. */
export function explainScenario(scenario: Loaded): string {
  const heads = ['value', 'is', 'from'].map((title) => ({ title, align: 'left' as const }));
  const rows = scenario.explain().map(({ path, value, origin }) => [path, value, origin]);
  return `${table({ ...lookOf(1), width: Number.POSITIVE_INFINITY }, heads, rows).join('\n')}\n`;
}
