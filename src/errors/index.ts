// Public names of errors/.
export { fromNative } from './from-native.js';
export { editDistance, nearest } from './nearest.js';
export { isPrintable, printable } from './printable.js';
export { type ErrorCode, exitCodes, isErrorCode, RingbedError } from './ringbed-error.js';
export { type Fault, formatFault, ScenarioError } from './scenario-error.js';
