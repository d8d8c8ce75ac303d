// `ringbed report`: a kept run, shown again. Needs no addon.
import { buildReport, latencyCurves, renderReport } from '../../report/index.js';
import { readRun } from '../../run/index.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { lookOf, print } from '../output.js';

export function report(path: string, flags: { json?: JsonFlag }): number {
  const record = readRun(path);
  const built = buildReport(record);
  emitJson(flags.json, built);
  if (!jsonOnStdout(flags.json)) print(renderReport(built, lookOf(1), latencyCurves(record)));
  return 0;
}
