// A scenario file becomes a plan: YAML → tree → --costs and --set → validation → defaults → validation →
// cross-checks → plan. All faults of all steps are reported at once; a part that is already known to be
// wrong is cut out first, so that one mistake never causes a second message.
import { dirname, resolve } from 'node:path';
import { type Fault, formatFault, RingbedError, ScenarioError } from '../errors/index.js';
import { checkScenario } from './checks.js';
import { compile } from './compile.js';
import { applyCosts, readCostsFile } from './costs-file.js';
import { fillDefaults, nameStreams } from './defaults.js';
import { encodePlan, planDigest } from './digest.js';
import { type ExplainRow, explainTree } from './explain.js';
import { bundledObject, bundledObjects, type Fingerprint, fingerprint, readText } from './files.js';
import { memoryShortage, readableBytes } from './memory.js';
import { applySet } from './overrides.js';
import type { Plan } from './plan.js';
import { type Scenario, scenarioSchema } from './schema/scenario.js';
import { faultsOf, type Issue, isBeside, type PlacedFault, placeFault } from './schema-faults.js';
import {
  child,
  find,
  fromPlain,
  type MapNode,
  type Node,
  type Path,
  type Plain,
  pathText,
  prune,
  toPlain,
} from './tree.js';
import { largestFileBytes, parseYaml } from './yaml-source.js';

export interface LoadOptions {
  /** `PATH=VALUE`, in the order of the command line. */
  readonly sets?: readonly string[];
  /** A cost profile to use instead of the scenario's costs. */
  readonly costsFile?: string;
  readonly overrides?: {
    /** As typed (--seed). */
    readonly seed?: string | number;
    /** --on sim | veth | nic:IF[,IF] */
    readonly world?: string;
    /** --allow-interface: interfaces of the world that may be down or carry a default route. */
    readonly allowInterfaces?: readonly string[];
  };
  /** Bytes of memory to measure the plan against; default: what is free. `Infinity`: no check. */
  readonly availableMemory?: number;
}

export interface ParseOptions extends LoadOptions {
  /** Names the text in faults. */
  readonly file?: string;
  /** Where files of the scenario are looked for; default: the current directory. */
  readonly baseDir?: string;
}

export interface Loaded {
  readonly plan: Plan;
  /** Canonical encoding of `plan`, as the native core takes it. */
  readonly bytes: Uint8Array;
  /** Hexadecimal SHA-256 that identifies traffic, device, network and costs. */
  readonly digest: string;
  /** The YAML as the user wrote it. */
  readonly source: string;
  readonly file: string;
  /** Every effective value with its origin. */
  explain(): ExplainRow[];
  /** Why a run does not fit the `available` bytes, by default what is free; undefined: it does. */
  shortOfMemory(available?: number): RingbedError | undefined;
  /** What somebody else finds wrong with the value at `path`, as validation would have said it. */
  faultAt(path: Path, message: string, hint: string): ScenarioError;
}

/** Loads a scenario. Errors: io (no such file), ScenarioError (all faults), resource (too little memory). */
export function loadScenarioFile(path: string, options: LoadOptions = {}): Loaded {
  const text = readText(path, largestFileBytes, 'the scenario');
  return parseScenario(text, { ...options, file: path, baseDir: dirname(resolve(path)) });
}

/** The same from text. Total: whatever the text, it returns or throws a RingbedError. */
export function parseScenario(text: string, options: ParseOptions = {}): Loaded {
  const file = options.file ?? 'scenario';
  const source = parseYaml(text, file);
  if (source.root === undefined) throw new ScenarioError(source.faults);
  if (source.root.type !== 'map') {
    const wrong = placeFault(source.root, [], 'is not a scenario', {
      expected: 'a map with at least `traffic`',
    });
    throw new ScenarioError([...source.faults, wrong.fault]);
  }
  const root = source.root;
  const faults = [...source.faults, ...applyFlags(root, options)];
  const given = fromPlain(toPlain(root), { kind: 'default' });
  const result = validate(root, given, options.baseDir ?? '.');
  const all = [...faults, ...result.faults];
  if (all.length > 0 || result.plan === undefined) throw new ScenarioError(inOrder(all));
  const { plan } = result;
  // Not the scenario's to say: what a file may reach is the user's decision, run by run.
  plan.world.allowed.push(...(options.overrides?.allowInterfaces ?? []));
  const shortOfMemory = (available = process.availableMemory()) => shortage(root, plan, available);
  const short = shortOfMemory(options.availableMemory);
  if (short !== undefined) throw short;
  return {
    plan,
    bytes: encodePlan(plan),
    digest: planDigest(plan),
    source: text,
    file,
    explain: () => explainTree(root),
    shortOfMemory,
    faultAt: (path, message, hint) => new ScenarioError([placeFault(root, path, message).fault], hint),
  };
}

/** Names the values that make a plan too big, each at its place, the largest first. */
function shortage(root: MapNode, plan: Plan, available: number): RingbedError | undefined {
  const short = memoryShortage(plan, available);
  if (short === undefined) return undefined;
  const needed = short.parts.map(({ path, bytes }) => {
    const node = find(root, path);
    const value = node?.type === 'scalar' ? `${node.value} needs` : 'needs';
    return formatFault(placeFault(root, path, `${value} ${readableBytes(bytes)}`).fault);
  });
  const total = `the scenario asks for ${readableBytes(short.bytes)} of memory and this machine has ${readableBytes(available)} free:`;
  const [first = { path: ['device', 'pool', 'size'] }] = short.parts;
  return new RingbedError(
    'resource',
    [total, ...needed].join('\n'),
    `make ${short.parts.length === 1 ? 'it' : 'them'} smaller, such as --set ${pathText(root, first.path)}=1024`,
  );
}

function applyFlags(root: MapNode, options: LoadOptions): Fault[] {
  const { seed, world } = options.overrides ?? {};
  if (options.costsFile !== undefined) applyCosts(root, readCostsFile(options.costsFile));
  nameStreams(root);
  const faults = (options.sets ?? []).flatMap((set) => applySet(root, set));
  if (seed !== undefined)
    setFlag(root, 'seed', typeof seed === 'number' ? seed : seed.trim(), `--seed ${seed}`);
  if (world !== undefined) setFlag(root, 'world', parseWorld(world), `--on ${world}`);
  return faults;
}

function setFlag(root: MapNode, key: string, value: Plain, text: string): void {
  const origin = { kind: 'flag', text } as const;
  root.entries.set(key, { key: origin, value: fromPlain(value, origin) });
}

function parseWorld(on: string): Plain {
  const [kind = '', interfaces] = on.split(/:(.*)/s);
  return { kind, interfaces: interfaces === undefined ? [] : interfaces.split(',') };
}

interface Validated {
  readonly plan: Plan | undefined;
  readonly faults: readonly Fault[];
}

/** Validates the tree and completes it in place. `given` is what the user set, before the defaults. */
function validate(root: MapNode, given: Node, baseDir: string): Validated {
  const found = issuesOf(root);
  const wrong = found.map(({ path }) => path);
  const completed = complete(root, found, wrong);
  if ('faults' in completed) return { plan: undefined, faults: completed.faults.map(({ fault }) => fault) };
  const { scenario } = completed;
  const strays = found.filter(({ stray }) => stray).map(({ path }) => path);
  const report = (path: Path, message: string, params = {}, involved: readonly Path[] = []) => {
    const isEcho = [path, ...involved].some((place) =>
      wrong.some((cut) => isWithin(place, cut) || isWithin(cut, place)),
    );
    const mayBeMeant = find(root, path) === undefined && strays.some((stray) => isBeside(stray, path));
    if (!isEcho && !mayBeMeant) found.push(placeFault(root, path, message, params));
  };
  checkScenario(scenario, (path) => find(given, path) !== undefined, report);
  const files = openFiles(scenario, baseDir, report);
  if (found.length > 0) return { plan: undefined, faults: found.map(({ fault }) => fault) };
  return { plan: compile(scenario, files), faults: [] };
}

/**
 * Cuts out what is wrong and fills in the defaults, so that the cross-checks see a whole scenario. Cutting
 * a part may leave its parent incomplete; that is cut next (`wrong` grows), until what is left is valid.
 */
function complete(
  root: MapNode,
  found: readonly PlacedFault[],
  wrong: Path[],
): { scenario: Scenario } | { faults: readonly PlacedFault[] } {
  let cuts = [...wrong];
  for (;;) {
    for (const path of cuts.sort((a, b) => b.length - a.length)) prune(root, path);
    if (!root.entries.has('traffic')) return { faults: found };
    fillDefaults(root);
    const result = scenarioSchema().safeParse(toPlain(root));
    if (result.success) return { scenario: result.data };
    const echoes = faultsOf(root, result.error.issues as readonly Issue[]);
    // Nothing was wrong before the defaults: then these are the faults (a default contradicts a value).
    if (found.length === 0) return { faults: echoes };
    cuts = echoes.map(({ path }) => (find(root, path) === undefined ? path.slice(0, -1) : path));
    if (cuts.some((path) => path.length === 0)) return { faults: found };
    wrong.push(...cuts);
  }
}

function issuesOf(root: MapNode): PlacedFault[] {
  const first = scenarioSchema().safeParse(toPlain(root));
  const found = first.success ? [] : faultsOf(root, first.error.issues as readonly Issue[]);
  const misspelt = found.some(({ stray, fault }) => stray && fault.nearest === 'traffic');
  if (child(root, 'traffic') === undefined && !misspelt) {
    const expected = 'a list of streams, such as [{ to: 239.1.1.1:8080, rate: 100kpps }]';
    found.unshift(placeFault(root, ['traffic'], 'is missing', { expected }));
  }
  return found;
}

function isWithin(place: Path, ancestor: Path): boolean {
  return (
    ancestor.length <= place.length && ancestor.every((step, depth) => String(step) === String(place[depth]))
  );
}

type Report = (path: Path, message: string, params?: { expected?: string }) => void;

function openFiles(scenario: Scenario, baseDir: string, report: Report) {
  const replays = new Map<number, Fingerprint>();
  for (const [index, stream] of scenario.traffic.entries()) {
    if (stream.kind !== 'replay' || stream.replay === undefined) continue;
    const facts = fingerprint(stream.replay.file, baseDir);
    if ('problem' in facts)
      report(['traffic', index, 'replay', 'file'], facts.problem, { expected: 'a pcap or pcapng file' });
    else replays.set(index, facts);
  }
  return { replays, object: openObject(scenario, baseDir, report) };
}

/** The classifier's object: beside the scenario, or by its bare name one that ships with ringbed. */
function openObject(scenario: Scenario, baseDir: string, report: Report): Fingerprint | undefined {
  const object = scenario.classifier?.object;
  if (object === undefined) return undefined;
  const beside = fingerprint(object, baseDir);
  if (!('problem' in beside)) return beside;
  const bundled = bundledObject(object);
  const facts = bundled === undefined ? beside : fingerprint(bundled, baseDir);
  if (!('problem' in facts)) return facts;
  report(['classifier', 'object'], facts.problem, {
    expected: `an eBPF object file, or ${bundledObjects.join(', ')}, which ships with ringbed`,
  });
  return undefined;
}

/** By their place: flags last, in the order given. */
function inOrder(faults: readonly Fault[]): Fault[] {
  return [...faults].sort((a, b) => {
    if ((a.line === 0) !== (b.line === 0)) return a.line === 0 ? 1 : -1;
    return a.line - b.line || a.column - b.column;
  });
}
