// Public names of native/.
export { addonCandidates, loadFrom, loadNative } from './load.js';
export type {
  Calibration,
  Decoder,
  Field,
  GenHandle,
  Handle,
  Native,
  Row,
  RunHandle,
  Tables,
} from './native.js';
export { packageRoot, packageVersion } from './package-root.js';
