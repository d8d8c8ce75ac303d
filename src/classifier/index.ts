// Public names of classifier/.
export type { BtfInput, BtfMember, BtfType, BtfValue } from './btf.js';
export { decodeBtf, encodeBtf } from './btf.js';
export {
  type AttachMode,
  askLoaded,
  type Choice,
  ClaimedPlace,
  LoadedClassifier,
  type LoadOptions,
  type Place,
  placeOf,
  type SwapOptions,
  swapPinned,
  unloadPinned,
} from './loader.js';
export { BpfMap, type MapBatch, type MapFacts } from './map.js';
export {
  BpfObject,
  BpfProgram,
  describeObject,
  type ObjectFacts,
  type ObjectOptions,
  type ProgramFacts,
  type TestRun,
} from './object.js';
export { type ClassifierRun, type RunClassifierOptions, runClassifier } from './run.js';
export { readTestFile, runTestFile, type TestFile, type TestOutcome } from './test-file.js';
