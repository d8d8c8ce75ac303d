// The package's public face: scenarios, runs, reports and sweeps for programs, as the command line uses
// them. Loading it needs no addon; running does.

export {
  BpfMap,
  BpfObject,
  BpfProgram,
  type BtfInput,
  type BtfType,
  type BtfValue,
  type ClassifierRun,
  decodeBtf,
  describeObject,
  encodeBtf,
  LoadedClassifier,
  type LoadOptions as LoadClassifierOptions,
  type MapBatch,
  type ObjectFacts,
  type ObjectOptions,
  type RunClassifierOptions,
  readTestFile,
  runClassifier,
  runTestFile,
  type SwapOptions as SwapClassifierOptions,
  type TestFile,
  type TestOutcome,
  type TestRun,
} from './classifier/index.js';
export { type ErrorCode, exitCodes, type Fault, RingbedError, ScenarioError } from './errors/index.js';
export { loadNative, type Native, type Tables } from './native/index.js';
export {
  buildReport,
  type Hist,
  type Look,
  latencyCurves,
  metricOf,
  type Report,
  renderReport,
  reportStatus,
  stringify,
} from './report/index.js';
export {
  decodeRecord,
  type FinishedRun,
  generateCapture,
  type Progress,
  type RunInput,
  type RunRecord,
  type RunResult,
  readRun,
  runPlan,
  storeRun,
  type WatchOptions,
} from './run/index.js';
export {
  jsonSchema,
  type Loaded,
  type LoadOptions,
  loadScenarioFile,
  type ParseOptions,
  type Plan,
  parseScenario,
} from './scenario/index.js';
export { type Axis, parseAxis, type Row, runSweep, type SweepOptions, toCsv } from './sweep/index.js';
