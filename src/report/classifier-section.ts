// The classifier's section of the terminal report: its verdicts, its stages, its maps.
import { bytes, count, time } from './format.js';
import type { Report } from './report.js';
import { type Look, paint } from './style.js';
import { type Column, table } from './table.js';

export function classifier(look: Look, report: Report): string[] {
  const { classifier: part } = report;
  if (part === undefined) return [];
  const verdicts = Object.entries(part.verdicts).map(([name, frames]) => `${count(frames)} ${name}`);
  const cost = part.ns.count > 0n ? ` · ${time(part.ns.mean)} a frame` : '';
  const instructions =
    part.instructions > 0n && part.frames > 0n
      ? ` · ${Math.round(Number(part.instructions) / Number(part.frames))} instructions a frame`
      : '';
  return [
    `${paint(look, 'bold', 'Classifier')}  ${part.program} of ${part.object} (${part.executor})`,
    `  ${[`${count(part.frames)} frames`, ...verdicts].join(' · ')}`,
    `  maps ${bytes(part.mapBytes)}${cost}${instructions}`,
    ...(part.fault === undefined
      ? []
      : [paint(look, 'red', `  ${count(part.faults)} stopped, the first: ${part.fault}`)]),
    ...swapLine(look, part.swaps),
    ...stageTable(look, part.stages),
  ];
}

function swapLine(look: Look, swaps: NonNullable<Report['classifier']>['swaps']): string[] {
  if (swaps === undefined) return [];
  const failed = swaps.failed > 0n ? paint(look, 'red', ` · ${count(swaps.failed)} failed: ${swaps.error}`) : '';
  return [`  swapped ${count(swaps.count)} times while frames flowed · ${time(swaps.ns.p50)} each${failed}`];
}

type Stages = NonNullable<Report['classifier']>['stages'];

// Columns for the verdicts that occur at all.
function stageTable(look: Look, stages: Stages): string[] {
  if (stages.length === 0) return [];
  const named = [...new Set(stages.flatMap((stage) => Object.keys(stage.verdicts)))];
  const isTimed = stages.some((stage) => stage.ns > 0n);
  const heads: Column[] = ['stage', 'slot', 'hits', 'misses', ...named, ...(isTimed ? ['mean'] : [])].map(
    (title) => ({
      title,
    }),
  );
  const rows = stages.map((stage, index) => [
    stage.name,
    index === stages.length - 1 ? 'entry' : String(stage.slot),
    count(stage.hits),
    stage.misses > 0n ? paint(look, 'red', count(stage.misses)) : '',
    ...named.map((name) => (stage.verdicts[name] ? count(stage.verdicts[name]) : '')),
    ...(isTimed ? [stage.hits > 0n ? time(Number(stage.ns) / Number(stage.hits)) : ''] : []),
  ]);
  return table(look, heads, rows);
}
