// Public names of report/.
export { type Curve, recordedCurve, summaryCurve } from './curve.js';
export { bytes as bytesText } from './format.js';
export { type Hist, mergeHists } from './hist.js';
export { metricOf } from './metric.js';
export { buildReport, type Report, reportStatus, stringify } from './report.js';
export type { SloOutcome } from './slo.js';
export { type Look, paint } from './style.js';
export { type Column, table } from './table.js';
export { latencyCurves, renderReport } from './terminal.js';
export { wholeHistograms } from './whole.js';
