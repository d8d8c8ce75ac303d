// Public names of native/.
export { addonCandidates, loadFrom, loadNative } from './load.js';
export type {
  BpfObject,
  BpfObjectOptions,
  Calibration,
  ControlCommand,
  ControlReply,
  CounterRow,
  ClassifierRunOptions,
  ClassifierRunResult,
  Decoder,
  ExecutorName,
  Field,
  GenHandle,
  Handle,
  LoadedClassifier,
  LoadedStage,
  Native,
  NicRow,
  Row,
  RunHandle,
  Tables,
} from './native.js';
export { packageRoot, packageVersion } from './package-root.js';
