// Public names of report/.
export { type Curve, recordedCurve, summaryCurve } from './curve.js';
export { type Hist, mergeHists } from './hist.js';
export { metricOf } from './metric.js';
export { buildReport, type Report, reportStatus, stringify } from './report.js';
export type { SloOutcome } from './slo.js';
export type { Look } from './style.js';
export { latencyCurves, renderReport } from './terminal.js';
export { wholeHistograms } from './whole.js';
