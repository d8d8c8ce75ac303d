// Public names of scenario/.
export { decodeMessage, encodeMessage, type Wide } from './codec.js';
export { formatCostsFile } from './costs-file.js';
export { decodePlan, encodePlan, planDigest } from './digest.js';
export type { ExplainRow } from './explain.js';
export { bundledObject, bundledObjects } from './files.js';
export { jsonSchema } from './json-schema.js';
export { type Loaded, type LoadOptions, loadScenarioFile, type ParseOptions, parseScenario } from './load.js';
export { estimateMemory, type MemoryEstimate, type MemoryPart } from './memory.js';
export type * from './plan.js';
export { formatEndpoint, formatIp, isMulticast, parseIp, parseMac } from './schema/address.js';
export { type FieldRow, type LayerRow, type Row, type Tables, tables } from './tables.js';
