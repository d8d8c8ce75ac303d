// From the scenario flags that several commands share to a compiled scenario, and to the command line
// that repeats it.
import { relative } from 'node:path';
import { checkPlan, type RunInput } from '../run/index.js';
import { type Loaded, type LoadOptions, loadScenarioFile } from '../scenario/index.js';
import { shellQuote } from './arguments.js';

export interface ScenarioFlags {
  on?: string;
  seed?: string;
  set?: string[];
  costs?: string;
  allowInterface?: string[];
}

/**
 * The scenario with its flags; `more` are further `--set`s, of a sweep's cell.
 * `availableMemory`: bytes that it may need; default: what is free.
 */
export function loadScenario(
  path: string,
  flags: ScenarioFlags,
  { more = [], availableMemory }: { more?: readonly string[]; availableMemory?: number } = {},
): Loaded {
  const options: LoadOptions = {
    sets: [...(flags.set ?? []), ...more],
    overrides: {
      ...(flags.seed === undefined ? {} : { seed: flags.seed }),
      ...(flags.on === undefined ? {} : { world: flags.on }),
      ...(flags.allowInterface === undefined ? {} : { allowInterfaces: flags.allowInterface }),
    },
    ...(flags.costs === undefined ? {} : { costsFile: flags.costs }),
    ...(availableMemory === undefined ? {} : { availableMemory }),
  };
  const scenario = loadScenarioFile(path, options);
  // Of one that fits no memory the sizes alone are judged.
  if (availableMemory === undefined || scenario.shortOfMemory() === undefined) checkPlan(scenario);
  return scenario;
}

/** `ringbed COMMAND SCENARIO …`: repeats what is being done, from this folder. */
export function commandOf(
  command: string,
  path: string,
  flags: ScenarioFlags,
  more: readonly string[] = [],
): string {
  const words = ['ringbed', command, relative('.', path) || path];
  if (flags.on !== undefined) words.push('--on', flags.on);
  for (const name of flags.allowInterface ?? []) words.push('--allow-interface', name);
  if (flags.seed !== undefined) words.push('--seed', flags.seed);
  for (const set of flags.set ?? []) words.push('--set', set);
  if (flags.costs !== undefined) words.push('--costs', flags.costs);
  return [...words, ...more].map(shellQuote).join(' ');
}

/** What a run needs. */
export function runInput(scenario: Loaded, command: string): RunInput {
  return {
    plan: scenario.bytes,
    digest: scenario.digest,
    yaml: Buffer.from(scenario.source),
    command,
    parts: {
      streams: scenario.plan.traffic.map(({ name }) => name),
      queues: scenario.plan.nic.queues,
      cores: scenario.plan.core.count,
    },
  };
}
