// Cost profiles: what `ringbed calibrate` writes and --costs reads.
//   profile: xeon-6338n            # a name for reports
//   host: { cpu: …, kernel: … }    # free words, for people
//   costs: { packet: 63ns, … }     # the keys of a scenario's `costs`
import { type Fault, ScenarioError } from '../errors/index.js';
import { readText } from './files.js';
import { costsFileSchema } from './schema/costs-file.js';
import { costKeys } from './schema/network.js';
import { faultsOf, placeFault } from './schema-faults.js';
import { child, fromPlain, type MapNode, toPlain } from './tree.js';
import { formatQuantity, time } from './units.js';
import { largestFileBytes, parseYaml } from './yaml-source.js';

/** Reads a profile into a `costs` map whose values know their place in it. Errors: io, ScenarioError. */
export function readCostsFile(file: string): MapNode {
  const text = readText(file, largestFileBytes, 'the cost profile');
  const source = parseYaml(text, file, (line, column) => ({ kind: 'costs', file, line, column }));
  if (source.root === undefined || source.faults.length > 0) throw new ScenarioError(source.faults);
  const { root } = source;
  const result = costsFileSchema().safeParse(toPlain(root));
  if (!result.success)
    throw new ScenarioError(faultsOf(root, result.error.issues as never).map(({ fault }) => fault));
  const costs = child(root, 'costs');
  if (costs?.type !== 'map')
    throw new ScenarioError([placeFault(root, ['costs'], 'is missing').fault as Fault]);
  const profile = child(root, 'profile') ?? fromPlain(file, root.origin);
  costs.entries.set('profile', { key: profile.origin, value: profile });
  return costs;
}

/** Puts a profile's values over those of the scenario: the flag counts. */
export function applyCosts(root: MapNode, profile: MapNode): void {
  const present = child(root, 'costs');
  if (present?.type !== 'map') {
    root.entries.set('costs', { key: profile.origin, value: profile });
    return;
  }
  for (const [key, entry] of profile.entries) present.entries.set(key, entry);
}

/** The text of a profile from measured costs in picoseconds (`byte` too), keyed as in a scenario. */
export function formatCostsFile(
  profile: string,
  host: Readonly<Record<string, string>>,
  costs: readonly { readonly name: string; readonly ps: number }[],
): string {
  const quoted = (text: string) => JSON.stringify(text);
  const lines = Object.entries(host).map(([key, value]) => `  ${quoted(key)}: ${quoted(value)}`);
  const amounts = costs.map(({ name, ps }) => {
    // A measured mean is no whole number of picoseconds; a byte's cost is kept to the femtosecond.
    const scale = name === 'byte' ? 1 : 1000;
    const femtoseconds = BigInt(Math.round((ps * 1000) / scale) * scale);
    const what = costKeys[name as keyof typeof costKeys];
    return `  ${name}: ${formatQuantity(femtoseconds, time)}${what === undefined ? '' : ` # ${what}`}`;
  });
  return [
    `profile: ${quoted(profile)}`,
    'host:',
    ...(lines.length > 0 ? lines : ['  {}']),
    'costs:',
    ...amounts,
    '',
  ].join('\n');
}
