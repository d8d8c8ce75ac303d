// The schema of a whole scenario: one strict object, built once from the addon's tables.
import * as z from 'zod/mini';
import { tables } from '../tables.js';
import { classifier } from './classifier.js';
import { device } from './device.js';
import { key, list, maybe, object, type Type, typed, typeIssue } from './kit.js';
import { core, costs, fault, generator, link, nic, world } from './network.js';
import { anyText, count, text, timeIn } from './scalars.js';
import { type SloSpec, sloLimit } from './slo.js';
import { stream } from './stream.js';

function build() {
  const rows = tables();
  return object(
    {
      name: key(text('a name', 200), 'of the scenario'),
      description: key(anyText(), 'for people'),
      seed: key(count({}, 'a seed'), 'of every random number'),
      duration: maybe(
        timeIn('ns', { min: 1 }),
        'how long traffic is offered; excludes packets. Without both: until the streams end that are replays or have a stop or packets of their own; else 1s',
      ),
      packets: maybe(count({ min: 1 }, 'packets'), 'frames offered in all; excludes duration'),
      warmup: key(timeIn('ns'), 'cut off from the measurements, never from the counts'),
      world: key(world(), 'what carries frames and time'),
      link: key(typed(link()), 'the wire, in both directions'),
      nic: key(typed(nic()), 'the NIC of the device'),
      core: key(typed(core()), 'the cores that serve the device'),
      traffic: key(list(typed(stream(rows)), 'a list of streams', 1, 4096), 'the streams'),
      classifier: maybe(typed(classifier()), 'an eBPF classifier in front of the device'),
      device: key(typed(device(rows)), 'the device under test'),
      costs: key(costs(), 'what the work costs; default: the reference profile'),
      faults: key(list(fault(), 'a list of faults'), 'what goes wrong, and when'),
      slo: key(slos(), 'what must hold: metric and limit'),
      generator: key(typed(generator()), 'how a live world sends the streams; nothing in sim'),
    },
    'a scenario',
  );
}

function slos(): Type<Record<string, SloSpec>> {
  const record = z.record(z.string(), sloLimit(), {
    error: (issue) => typeIssue(issue, issue.input, 'a map of metric: limit, such as { drops: 0 }'),
  });
  return record as unknown as Type<Record<string, SloSpec>>;
}

let schema: ReturnType<typeof build> | undefined;

/** The schema; building it takes some milliseconds, so it is built when first needed. */
export function scenarioSchema() {
  schema ??= build();
  return schema;
}

export type Scenario = z.output<ReturnType<typeof build>>;
export type StreamSpec = Scenario['traffic'][number];
export type ClassifierSpec = NonNullable<Scenario['classifier']>;
export type DeviceSpec = Scenario['device'];
