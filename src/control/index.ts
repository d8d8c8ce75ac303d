// Public names of control/.
export { askRun } from './client.js';
export { type MetricsServer, serveMetrics } from './metrics-server.js';
export { openMetrics } from './open-metrics.js';
export { commandNames, type DeviceState, parseRequest } from './protocol.js';
export { baseFolders, findRun, ownBase } from './run-folder.js';
export { type ControlServer, serveControl } from './server.js';
