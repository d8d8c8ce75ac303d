// Public names of sweep/.
export { toCsv } from './csv.js';
export { type Axis, type Cell, gridOf, parseAxis } from './grid.js';
export { renderSweep, type SweepHeading } from './render.js';
export { type Row, rowOf, worst } from './row.js';
export { runSweep, type SweepOptions, type SweepResult } from './sweep.js';
