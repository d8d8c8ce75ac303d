// Shared by the scenario tests: parses a text without looking at this machine's memory.
import { type Fault, ScenarioError } from '../../../src/errors/index.js';
import { type Loaded, type ParseOptions, type Plan, parseScenario } from '../../../src/scenario/index.js';

export const ten = 'traffic: [{ name: feed, to: 239.1.1.1:8080, rate: 100kpps }]';

export function parse(text: string, options: ParseOptions = {}): Loaded {
  return parseScenario(text, { file: 's.yaml', availableMemory: Number.POSITIVE_INFINITY, ...options });
}

export function planOf(text: string, options: ParseOptions = {}): Plan {
  return parse(text, options).plan;
}

/** The plan of the smallest scenario with a line added. */
export function planWith(line: string, ...sets: string[]): Plan {
  return planOf(`${ten}\n${line}\n`, { sets });
}

/** The plan's first stream, where `words` stand in the stream. */
export function streamWith(words: string): Plan['traffic'][number] {
  const plan = planOf(`traffic: [{ name: feed, to: 239.1.1.1:8080, ${words} }]`);
  return plan.traffic[0] as Plan['traffic'][number];
}

export function faultsOf(text: string, options: ParseOptions = {}): readonly Fault[] {
  try {
    parse(text, options);
  } catch (error) {
    if (error instanceof ScenarioError) return error.faults;
    throw error;
  }
  throw new Error(`no fault in: ${text}`);
}
