// Public names of native/.
export { addonCandidates, loadFrom, loadNative } from './load.js';
export type {
  BpfObject,
  BpfObjectOptions,
  Calibration,
  ClassifierRunOptions,
  ClassifierRunResult,
  ControlCommand,
  ControlReply,
  CounterRow,
  Decoder,
  ExecutorName,
  Field,
  GenHandle,
  Handle,
  LoadedClassifier,
  LoadedStage,
  MachineFacts,
  Native,
  NicRow,
  Row,
  RunHandle,
  Tables,
} from './native.js';
export { packageRoot, packageVersion } from './package-root.js';
