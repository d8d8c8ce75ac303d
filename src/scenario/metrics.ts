// The metrics that an SLO may name: dotted paths into the report (`latency.response.p99`, `drops.pool_empty`,
// `rings.rx0.peak`) and the unit that each takes. An unknown metric is an error with the nearest name,
// because an objective on a name that never occurs would always hold.
import { nearest } from '../errors/index.js';
import type { Slo } from './plan.js';
import { describe, type Outcome } from './schema/kit.js';
import type { Scenario } from './schema/scenario.js';
import type { SloSpec } from './schema/slo.js';
import { names, tables } from './tables.js';
import { parseDecimal, parseQuantity, size, time, toInteger, toNumber, unitNames } from './units.js';

export type Unit = 'time' | 'count' | 'ratio' | 'size' | 'truth';

/** What a scenario's report has: metrics by name, and its lists, whose items have an index, too. */
export interface Metrics {
  readonly units: ReadonlyMap<string, Unit>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** What of the plan gives metrics their names. */
export interface Named {
  readonly streams: readonly string[];
  readonly queues: number;
  readonly cores: number;
}

const histogram = ['min', 'mean', 'stddev', 'p50', 'p90', 'p99', 'p999', 'p9999', 'max'];
const packets = [
  'offered',
  'duplicated',
  'received',
  'processed',
  'bypassed',
  'responded',
  'delivered',
  'responses',
  'unsent',
];
const latencies = ['response', 'request', 'device', 'poolHold'];
const connections = [
  'buckets',
  'active',
  'peak',
  'inserted',
  'expired',
  'rejected',
  'evicted',
  'closed',
  'cleared',
  'lookups',
  'maxChain',
];
const streamCounts = [
  'flows',
  'offered',
  'received',
  'lost',
  'duplicated',
  'reordered',
  'responses',
  'unsent',
];

function addHistogram(units: Map<string, Unit>, path: string): void {
  units.set(`${path}.count`, 'count');
  for (const statistic of histogram) units.set(`${path}.${statistic}`, 'time');
}

function addCounts(units: Map<string, Unit>, prefix: string, keys: readonly string[]): void {
  for (const word of keys) units.set(`${prefix}.${word}`, 'count');
}

/** The metrics that every scenario has. */
function commonUnits(): Map<string, Unit> {
  const stages = names(tables().stages);
  const reasons = names(tables().reasons).filter((reason) => reason !== 'none');
  const units = new Map<string, Unit>([
    ['drops', 'count'],
    ['conserved', 'truth'],
    ['packets.offeredBytes', 'size'],
    ['packets.responseBytes', 'size'],
    ['pool.bytes', 'size'],
    ['connections.meanProbes', 'ratio'],
    ['connections.bytes', 'size'],
    ['memoryBytes', 'size'],
  ]);
  addCounts(units, 'drops', [...stages, ...reasons]);
  addCounts(units, 'packets', packets);
  addCounts(units, 'pool', ['size', 'inUsePeak', 'exhausted', 'gets', 'puts']);
  addCounts(units, 'connections', connections);
  for (const latency of latencies) addHistogram(units, `latency.${latency}`);
  for (const stage of stages) {
    addCounts(units, `drops.${stage}`, reasons);
    addCounts(units, `stages.${stage}`, ['in', 'out']);
    addHistogram(units, `stages.${stage}.ns`);
  }
  return units;
}

let common: Map<string, Unit> | undefined;

/** The rings of a report, in its order: one for each queue, and one for each core to send by. */
function ringsOf({ queues, cores }: Named): string[] {
  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, number) => `${prefix}${number}`);
  return [...numbered('rx', queues), ...numbered('tx', cores)];
}

/** Every metric of a scenario, with its unit. */
export function metricsNamed(named: Named): Metrics {
  common ??= commonUnits();
  const units = new Map(common);
  const rings = ringsOf(named);
  for (const ring of rings) addCounts(units, `rings.${ring}`, ['size', 'peak', 'full']);
  for (const stream of named.streams) {
    addCounts(units, `streams.${stream}`, streamCounts);
    units.set(`streams.${stream}.offeredBytes`, 'size');
    addHistogram(units, `streams.${stream}.response`);
    addHistogram(units, `streams.${stream}.gapIntended`);
    addHistogram(units, `streams.${stream}.gapAchieved`);
  }
  for (let core = 0; core < named.cores; core++) {
    addCounts(units, `cores.${core}`, ['polls', 'interrupts', 'frames']);
    units.set(`cores.${core}.busyNs`, 'time');
    units.set(`cores.${core}.pausedNs`, 'time');
  }
  return { units, lists: { streams: named.streams, rings } };
}

export function metricsOf(scenario: Scenario): Metrics {
  return metricsNamed({
    streams: scenario.traffic.map((stream) => stream.name),
    queues: scenario.nic.queues,
    cores: scenario.core.count,
  });
}

/** The full name of a metric: `latency.p99` is `latency.response.p99`, `streams.0.lost` the first stream's. */
function metricName(written: string, { units, lists }: Metrics): string {
  const [first = '', second = '', ...rest] = written.split('.');
  if (first === 'latency' && rest.length === 0 && !latencies.includes(second))
    return `latency.response.${second}`;
  const item = units.has(written) || !/^\d+$/.test(second) ? undefined : lists[first]?.[Number(second)];
  return item === undefined ? written : [first, item, ...rest].join('.');
}

/** Resolves an SLO's metric and reads its limit in the metric's unit. `{ problem }` may be about the key. */
export function resolveSlo(
  written: string,
  spec: SloSpec,
  metrics: Metrics,
): Outcome<Slo> & { key?: boolean } {
  const metric = metricName(written, metrics);
  const unit = metrics.units.get(metric);
  if (unit === undefined) return { ...unknownMetric(written, metrics.units), key: true };
  const limit = readLimit(spec, unit);
  if ('problem' in limit) return limit;
  return { value: { metric, op: spec.op, limit: limit.value, text: spec.text } };
}

function unknownMetric(
  written: string,
  units: ReadonlyMap<string, Unit>,
): { problem: string; expected?: string; nearest?: string } {
  const shorthands = [...units.keys()]
    .filter((name) => name.startsWith('latency.response.'))
    .map((name) => name.replace('.response', ''));
  const all = [...units.keys(), ...shorthands];
  const close = nearest(written, all);
  if (close !== undefined) return { problem: `unknown metric ${describe(written)}`, nearest: close };
  // A right beginning deserves the words that may follow.
  const prefix = written.split('.').slice(0, -1).join('.');
  const follow = all.filter(
    (name) => name.startsWith(`${prefix}.`) && !name.slice(prefix.length + 1).includes('.'),
  );
  const shown =
    prefix !== '' && follow.length > 0
      ? follow
      : ['drops', 'conserved', 'latency.p99', 'packets.processed', 'pool.inUsePeak'];
  return {
    problem: `unknown metric ${describe(written)}`,
    expected: `a path into the report such as ${shown.slice(0, 8).join(', ')}`,
  };
}

const unitText: Readonly<Record<Unit, string>> = {
  time: 'a comparison with a time, such as "< 10us"',
  count: 'a whole number, such as 0 or "<= 200"',
  ratio: 'a comparison with a number, such as "< 1.5"',
  size: 'a comparison with a size, such as "<= 64MiB"',
  truth: 'true or false',
};

function readLimit(spec: SloSpec, unit: Unit): Outcome<number> {
  const expected = unitText[unit];
  const wrong = (why: string): Outcome<number> => ({ problem: `${describe(spec.text)} ${why}`, expected });
  if (unit === 'truth') {
    if ((spec.limit === 'true' || spec.limit === 'false') && spec.op === 'EQ')
      return { value: spec.limit === 'true' ? 1 : 0 };
    return wrong('is neither true nor false');
  }
  // A latency that equals a limit to the nanosecond is nothing that anybody wants to demand.
  if (!spec.compared && unit !== 'count') return wrong('has no comparison');
  if (unit === 'count' || unit === 'ratio') {
    const number = parseDecimal(spec.limit);
    if (number === undefined || number.digits < 0n) return wrong('is not a number');
    if (unit === 'count' && toInteger(number) === undefined) return wrong('is not a whole number');
    return { value: toNumber(number) };
  }
  const dimension = unit === 'time' ? time : size;
  const quantity = parseQuantity(spec.limit, [dimension]);
  if (quantity.kind === 'bare' && (unit === 'size' || quantity.value.digits === 0n))
    return { value: toNumber(quantity.value) };
  if (quantity.kind !== 'quantity' || quantity.dimension !== dimension || quantity.value.digits < 0n) {
    return wrong(`is not ${dimension.text} (units ${unitNames(dimension)})`);
  }
  const perUnit = unit === 'time' ? 1_000_000 : 1;
  return { value: toNumber(quantity.value) / perUnit };
}
