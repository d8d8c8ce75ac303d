// Public names of run/.
export { isAnswered } from './answered.js';
export { fileError, prepareFile, writeFileAtomic } from './atomic-file.js';
export { checkPlan } from './check.js';
export { describeHost } from './host.js';
export { LiveCounters, type Progress, type RunParts } from './progress.js';
export { decodeRecord, decodeResult, encodeRecord, type RecordHead, recordFormat } from './record.js';
export type * from './result.js';
export {
  type FinishedRun,
  generateCapture,
  type RunInput,
  type RunningRun,
  runPlan,
  type WatchOptions,
} from './run.js';
export { prepareStore, readRun, storeRun } from './store.js';
