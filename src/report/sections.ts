// The sections of the terminal report, each a list of lines and empty where it has nothing to say.
import type { Curve } from './curve.js';
import { bytes, count, percent, scaled, significant, time } from './format.js';
import type { Hist } from './hist.js';
import { percentilePlot } from './plot.js';
import type { Report } from './report.js';
import { bar, columns, type Look, padEnd, paint } from './style.js';
import { type Column, table } from './table.js';

const heading = (look: Look, title: string): string => paint(look, 'bold', title);

export function header(look: Look, report: Report): string[] {
  const { scenario, world, run } = report;
  const where = [world.kind, ...world.interfaces].join(' ');
  const wallSeconds = Number(run.wallNs) / 1e9;
  const speed = wallSeconds > 0 ? Number(report.packets.offered) / wallSeconds : 0;
  const took =
    world.kind === 'sim'
      ? `${time(world.ns)} simulated in ${time(run.wallNs)} (${scaled(speed)} packets/s)`
      : `${time(world.ns)}`;
  const lines = [
    `${paint(look, 'bold', scenario.name)}  ${where} · seed ${report.seed} · ${took}`,
    ...(scenario.description === ''
      ? []
      : wrap(scenario.description, look.width).map((line) => paint(look, 'dim', line))),
    paint(look, 'dim', `digest ${report.digest}  scenario ${scenario.digest.slice(0, 16)}`),
  ];
  for (const port of world.ports) {
    const queues = port.queues === 1 ? '1 queue' : `${port.queues} queues`;
    const pages = port.hugePages ? 'huge pages' : 'ordinary pages';
    lines.push(paint(look, 'dim', `${port.end} ${port.backend}: ${port.mode}, ${queues}, ${pages}`));
  }
  if (report.clock !== undefined) {
    const { source, resolutionNs, readNs, biasNs, stamps, whyStamps } = report.clock;
    const parts = [
      `clock ${source}: resolution ${time(resolutionNs)}`,
      `read in ${time(readNs)}`,
      `the harness takes ${time(biasNs)} of a round trip`,
      `${stamps} stamps`,
    ];
    lines.push(paint(look, 'dim', parts.join(', ')));
    if (whyStamps !== '') lines.push(paint(look, 'dim', `${stamps} stamps: ${whyStamps}`));
  }
  if (report.interrupted)
    lines.push(paint(look, 'yellow', 'interrupted: the figures are of the part that ran'));
  return lines;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && columns(last) + 1 + columns(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

export function packets(look: Look, report: Report): string[] {
  const { packets: p } = report;
  const dropped = report.drops.reduce((sum, drop) => sum + drop.count, 0n);
  const in_ =
    p.duplicated > 0n
      ? `${count(p.offered)} offered + ${count(p.duplicated)} duplicated`
      : `${count(p.offered)} offered`;
  const verdict = report.conserved
    ? paint(look, 'green', '✓ conserved')
    : paint(look, 'red', `✗ NOT conserved: ${report.imbalance ?? 'no reason given'}`);
  const onlySome = (value: bigint, name: string): string => `${count(value)} ${name}`;
  return [
    heading(look, 'Packets'),
    `  ${in_} = ${count(p.delivered)} delivered + ${count(dropped)} dropped  ${verdict}`,
    `  ${[
      onlySome(p.received, 'received'),
      onlySome(p.processed, 'processed'),
      onlySome(p.bypassed, 'bypassed'),
      onlySome(p.responded, 'responded'),
      onlySome(p.responses, 'responses'),
      ...(p.unsent > 0n ? [paint(look, 'red', onlySome(p.unsent, 'unsent'))] : []),
    ].join(' · ')}`,
    ...report.notes.map((note) => paint(look, 'yellow', `  note: ${note}`)),
  ];
}

export function drops(look: Look, report: Report): string[] {
  if (report.drops.length === 0) return [];
  const total = report.drops.reduce((sum, drop) => sum + drop.count, 0n);
  const base = report.packets.offered + report.packets.duplicated;
  const sorted = [...report.drops].sort((a, b) => (a.count === b.count ? 0 : a.count > b.count ? -1 : 1));
  const barWidth = Math.max(8, Math.min(32, look.width - 62));
  const rows = sorted.flatMap((drop) => [
    [
      drop.reason,
      drop.stage,
      count(drop.count),
      percent(drop.count, base),
      paint(look, 'red', bar(look, Number(drop.count) / Number(total), barWidth)),
    ],
    ...Object.entries(drop.kernel ?? {}).map(([name, frames]) => ['', name, count(frames), '', '']),
  ]);
  const heads: Column[] = [
    { title: 'reason' },
    { title: 'stage', align: 'left' },
    { title: 'frames' },
    { title: 'of offered' },
    { title: '', align: 'left' },
  ];
  return [
    `${heading(look, 'Drops')}  ${count(total)} (${percent(total, base)})`,
    ...table(look, heads, rows),
  ];
}

/** What the kernel says of frames that got lost, in its own words. */
export function kernel(look: Look, report: Report): string[] {
  const counters = report.kernel ?? [];
  if (counters.length === 0) return [];
  const heads: Column[] = [{ title: 'counter' }, { title: 'of', align: 'left' }, { title: 'count' }];
  const rows = counters.map(({ where, name, count: value }) => [name, where, count(value)]);
  return [heading(look, "The kernel's counters of losses"), ...table(look, heads, rows)];
}

const percentileColumns: Column[] = [
  { title: 'count' },
  { title: 'min', expendable: 1 },
  ...['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max'].map((title) => ({ title })),
];

function percentileCells(hist: Hist): string[] {
  if (hist.count === 0n) return ['0', ...Array(7).fill('-')];
  const { min, p50, p90, p99, p999, p9999, max } = hist;
  return [count(hist.count), ...[min, p50, p90, p99, p999, p9999, max].map((ns) => time(ns))];
}

export function latency(look: Look, report: Report, curves: readonly Curve[]): string[] {
  const measured = Object.entries(report.latency).filter(([, hist]) => hist.count > 0n);
  if (measured.length === 0) return [];
  return [
    heading(look, 'Latency'),
    ...percentilePlot(look, curves),
    ...table(
      look,
      [{ title: '' }, ...percentileColumns],
      measured.map(([name, hist]) => [name, ...percentileCells(hist)]),
    ),
  ];
}

export function stages(look: Look, report: Report): string[] {
  if (report.stages.length === 0) return [];
  const timed = report.stages.some((stage) => stage.ns.count > 0n);
  const heads = ['stage', 'in', 'out', 'dropped', ...(timed ? ['mean', 'p50', 'p99', 'max'] : [])].map(
    (title) => ({ title }),
  );
  const rows = report.stages.map((stage) => {
    const lost = report.drops
      .filter((drop) => drop.stage === stage.name)
      .reduce((sum, drop) => sum + drop.count, 0n);
    const { ns } = stage;
    const times =
      ns.count > 0n ? [time(ns.mean), time(ns.p50), time(ns.p99), time(ns.max)] : ['', '', '', ''];
    return [
      stage.name,
      count(stage.in),
      count(stage.out),
      lost > 0n ? paint(look, 'red', count(lost)) : '',
      ...(timed ? times : []),
    ];
  });
  return [heading(look, 'Stages'), ...table(look, heads, rows)];
}

// A peak that reached its size is what the reader looks for.
function peak(look: Look, value: number, size: number): string {
  const text = `${count(value)} of ${count(size)}`;
  return value >= size ? paint(look, 'red', text) : value >= size * 0.8 ? paint(look, 'yellow', text) : text;
}

interface Structure {
  name: string;
  kind: string;
  peak: string;
  /** 0..1; undefined: nothing that could be full. */
  fill?: number;
  notes: string[];
}

function structureRows(look: Look, report: Report): Structure[] {
  const { pool, connections: table_ } = report;
  const rows: Structure[] = report.rings.map((ring) => ({
    name: ring.name,
    kind: 'ring',
    peak: peak(look, ring.peak, ring.size),
    fill: ring.size > 0 ? ring.peak / ring.size : 0,
    notes: ring.full > 0n ? [paint(look, 'red', `${count(ring.full)} found it full`)] : [],
  }));
  if (pool !== null && pool.size > 0) {
    const empty = pool.exhausted > 0n ? [paint(look, 'red', `${count(pool.exhausted)} found it empty`)] : [];
    rows.push({
      name: 'pool',
      kind: pool.kind,
      peak: peak(look, pool.inUsePeak, pool.size),
      fill: pool.inUsePeak / pool.size,
      notes: [...empty, `${count(pool.gets)} got`, bytes(pool.bytes)],
    });
  }
  if (table_ !== null && table_.lookups > 0n) {
    const events = (['inserted', 'closed', 'expired', 'evicted', 'rejected', 'cleared'] as const)
      .filter((name) => table_[name] > 0n)
      .map((name) => `${count(table_[name])} ${name}`);
    rows.push({
      name: 'connections',
      kind: table_.kind,
      peak: `${count(table_.peak)} in ${count(table_.buckets)}`,
      notes: [
        `${significant(table_.meanProbes)} probes mean`,
        `longest ${table_.maxChain}`,
        bytes(table_.bytes),
        ...events,
      ],
    });
  }
  return rows;
}

export function structures(look: Look, report: Report): string[] {
  const rows = structureRows(look, report);
  if (rows.length === 0) return [];
  const barWidth = 12;
  const widest = (of: (row: Structure) => string): number =>
    Math.max(4, ...rows.map((row) => columns(of(row))));
  const taken =
    2 +
    widest((row) => row.name) +
    2 +
    widest((row) => row.kind) +
    2 +
    widest((row) => row.peak) +
    2 +
    barWidth +
    2;
  const cells = rows.flatMap((row) => {
    const [first = '', ...more] = packed(row.notes, Math.max(20, look.width - taken));
    const gauge = row.fill === undefined ? '' : bar(look, row.fill, barWidth);
    return [[row.name, row.kind, row.peak, gauge, first], ...more.map((notes) => ['', '', '', '', notes])];
  });
  const heads: Column[] = [
    { title: '' },
    { title: 'kind', align: 'left' },
    { title: 'peak' },
    { title: '', align: 'left' },
    { title: '', align: 'left' },
  ];
  return [`${heading(look, 'Buffers')}  ${bytes(report.memoryBytes)} in all`, ...table(look, heads, cells)];
}

// Notes joined to lines of at most `width` columns.
function packed(notes: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const note of notes) {
    const last = lines.at(-1);
    if (last !== undefined && columns(last) + 3 + columns(note) <= width)
      lines[lines.length - 1] = `${last} · ${note}`;
    else lines.push(note);
  }
  return lines;
}

export function cores(look: Look, report: Report): string[] {
  if (report.cores.length === 0 || report.world.ns === 0n) return [];
  const pinned = report.cores.some((core) => core.cpu !== undefined);
  const rows = report.cores.map((core) => [
    `core ${core.core}`,
    ...(pinned ? [String(core.cpu ?? '')] : []),
    percent(core.busyNs, report.world.ns),
    core.pausedNs > 0n ? paint(look, 'yellow', percent(core.pausedNs, report.world.ns)) : '',
    count(core.frames),
    count(core.polls),
    core.polls > 0n ? significant(Number(core.frames) / Number(core.polls)) : '',
    core.interrupts > 0n ? count(core.interrupts) : '',
  ]);
  const heads = [
    '',
    ...(pinned ? ['cpu'] : []),
    'busy',
    'paused',
    'frames',
    'polls',
    'frames/poll',
    'interrupts',
  ].map((title) => ({
    title,
  }));
  const generator = report.generator?.cpu ?? null;
  const beside = generator === null ? '' : `  generator on cpu ${generator}`;
  return [`${heading(look, 'Cores')}${beside}`, ...table(look, heads, rows)];
}

export function streams(look: Look, report: Report): string[] {
  if (report.streams.length === 0) return [];
  const bad = (value: bigint): string => (value > 0n ? paint(look, 'red', count(value)) : '0');
  const behind = report.streams.some((stream) => stream.unsent > 0n);
  const heads: Column[] = [
    { title: 'stream' },
    { title: 'flows', expendable: 2 },
    { title: 'offered' },
    { title: 'received', expendable: 3 },
    ...(behind ? [{ title: 'unsent' }] : []),
    { title: 'lost' },
    { title: 'dup' },
    { title: 'reordered' },
    { title: 'responses' },
    { title: 'p50', expendable: 1 },
    { title: 'p99' },
  ];
  const rows = report.streams.map((stream) => [
    stream.name,
    count(stream.flows),
    count(stream.offered),
    count(stream.received),
    ...(behind ? [bad(stream.unsent)] : []),
    bad(stream.lost),
    bad(stream.duplicated),
    bad(stream.reordered),
    count(stream.responses),
    ...(stream.response.count > 0n ? [time(stream.response.p50), time(stream.response.p99)] : ['-', '-']),
  ]);
  return [heading(look, 'Streams'), ...table(look, heads, rows)];
}

/** How well the frames kept their times, where a real clock decides. */
export function gaps(look: Look, report: Report): string[] {
  const rows = report.streams.flatMap(({ name, gapIntended, gapAchieved }) =>
    gapAchieved.count === 0n
      ? []
      : [
          [name, 'intended', ...percentileCells(gapIntended)],
          ['', 'achieved', ...percentileCells(gapAchieved)],
        ],
  );
  if (rows.length === 0) return [];
  const heads: Column[] = [{ title: '' }, { title: '', align: 'left' }, ...percentileColumns];
  return [heading(look, 'Gaps between frames'), ...table(look, heads, rows)];
}

export function slos(look: Look, report: Report): string[] {
  if (report.slo.length === 0) return [];
  const nameWidth = Math.max(...report.slo.map((outcome) => columns(outcome.name)));
  const limitWidth = Math.max(...report.slo.map((outcome) => columns(outcome.limit)));
  const lines = report.slo.map((outcome) => {
    const tick = outcome.ok ? paint(look, 'green', '✓') : paint(look, 'red', '✗');
    const actual = outcome.actual === null ? 'nothing measured' : sloValue(outcome.name, outcome.actual);
    return `  ${tick} ${padEnd(outcome.name, nameWidth)}  ${padEnd(outcome.limit, limitWidth)}  ${outcome.ok ? actual : paint(look, 'red', actual)}`;
  });
  return [heading(look, 'Objectives'), ...lines];
}

function sloValue(metric: string, actual: number): string {
  const isTime =
    /^latency\.|\.(ns|response|gapIntended|gapAchieved)\.|Ns$/.test(metric) && !metric.endsWith('.count');
  if (metric === 'conserved') return actual === 1 ? 'true' : 'false';
  return isTime ? time(actual) : Number.isInteger(actual) ? count(actual) : significant(actual);
}

export function repeat(look: Look, report: Report): string[] {
  return [`${paint(look, 'dim', 'Repeat:')} ${report.run.command}`];
}
