// The report as people read it in a terminal: sections one below the other, what went wrong in colour.
import type { RunRecord } from '../run/result.js';
import { type Curve, recordedCurve, summaryCurve } from './curve.js';
import type { Report } from './report.js';
import * as sections from './sections.js';
import { type Look, toAscii } from './style.js';

/** The curves of a record's latencies, for the picture. */
export function latencyCurves(record: RunRecord): Curve[] {
  return record.result.latency.flatMap(({ name, ns }) =>
    ns === null || ns.count === 0n ? [] : [recordedCurve(name, ns)],
  );
}

/** The whole text, ending in a newline. `curves` default to the summaries in the report. */
export function renderReport(report: Report, look: Look, curves?: readonly Curve[]): string {
  const drawn = curves ?? Object.entries(report.latency).map(([name, hist]) => summaryCurve(name, hist));
  const parts = [
    sections.header(look, report),
    sections.packets(look, report),
    sections.drops(look, report),
    sections.latency(look, report, drawn),
    sections.stages(look, report),
    sections.structures(look, report),
    sections.cores(look, report),
    sections.streams(look, report),
    sections.gaps(look, report),
    sections.slos(look, report),
    sections.repeat(look, report),
  ];
  const text = parts
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
  return look.unicode ? text : toAscii(text);
}
