// Public names of native/.
export { addonCandidates, loadFrom, loadNative } from './load.js';
export type {
  Calibration,
  ControlCommand,
  ControlReply,
  CounterRow,
  Decoder,
  Field,
  GenHandle,
  Handle,
  Native,
  NicRow,
  Row,
  RunHandle,
  Tables,
} from './native.js';
export { packageRoot, packageVersion } from './package-root.js';
