// A run's live counters as OpenMetrics text (the specification of 2020, version 1.0.0): one family after
// the other, each with HELP and TYPE, counters with _total, seconds instead of nanoseconds, # EOF at the end.
import type { CounterRow } from '../native/index.js';
import type { LiveCounters } from '../run/index.js';

export const contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

interface Sample {
  labels: Record<string, string>;
  value: bigint;
}

/** All counters as they are now; `scenario` labels the info metric. */
export function openMetrics(live: LiveCounters, scenario: string, version: string): string {
  const { tables, parts } = live;
  const info = [
    '# TYPE ringbed_run info',
    '# HELP ringbed_run What is running.',
    `ringbed_run_info${labelText({ scenario, version })} 1`,
  ];
  const fixed = tables.counters
    .filter(({ name }) => name !== 'dropped')
    .flatMap((row) => family(`ringbed_${row.name}`, row, [{ labels: {}, value: live.counter(row.name) }]));
  const drops = family(
    'ringbed_dropped_frames',
    { name: '', kind: 'count', text: 'frames dropped, by the stage that they had come to and why' },
    live.drops().map(({ stage, reason, count }) => ({ labels: { stage, reason }, value: count })),
  );
  const groups = [
    group('stream', tables.streamCounters, parts.streams, (index, row) => live.stream(index, row)),
    group('ring', tables.ringCounters, numbered('rx', parts.queues), (index, row) => live.ring(index, row)),
    group('core', tables.coreCounters, numbered('', parts.cores), (index, row) => live.core(index, row)),
  ];
  return `${[...info, ...fixed, ...drops, ...groups.flat(), '# EOF'].join('\n')}\n`;
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

// Each counter of a part is a family with a sample for each of them.
function group(
  part: string,
  rows: readonly CounterRow[],
  names: readonly string[],
  read: (index: number, row: number) => bigint,
): string[] {
  return rows.flatMap((row, at) =>
    family(
      `ringbed_${part}_${row.name}`,
      row,
      names.map((name, index) => ({ labels: { [part]: name }, value: read(index, at) })),
    ),
  );
}

function family(name: string, { kind, text }: CounterRow, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return [];
  const inSeconds = name.endsWith('_ns');
  const base = inSeconds ? `${name.slice(0, -3)}_seconds` : name;
  const suffix = kind === 'count' ? '_total' : '';
  const help = `${text.charAt(0).toUpperCase()}${text.slice(1).replace(', in nanoseconds', '')}.`;
  return [
    `# TYPE ${base} ${kind === 'count' ? 'counter' : 'gauge'}`,
    ...(inSeconds ? [`# UNIT ${base} seconds`] : []),
    `# HELP ${base} ${escaped(help)}`,
    ...samples.map(
      ({ labels, value }) => `${base}${suffix}${labelText(labels)} ${inSeconds ? seconds(value) : value}`,
    ),
  ];
}

// Exact: a double would round what a counter has after a few months.
function seconds(ns: bigint): string {
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${ns / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (text: string): string =>
  text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
