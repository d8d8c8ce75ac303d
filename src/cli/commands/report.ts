// `ringbed report`: a kept run, shown again. Needs no addon.
import { buildReport, latencyCurves, renderReport, wholeHistograms } from '../../report/index.js';
import { readRun } from '../../run/index.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { lookOf, print } from '../output.js';

export function report(path: string, flags: { json?: JsonFlag; hdr?: JsonFlag }): number {
  const record = readRun(path);
  if (flags.hdr !== undefined) {
    emitJson(flags.hdr, wholeHistograms(record));
    return 0;
  }
  const built = buildReport(record);
  emitJson(flags.json, built);
  if (!jsonOnStdout(flags.json)) print(renderReport(built, lookOf(1), latencyCurves(record)));
  return 0;
}
