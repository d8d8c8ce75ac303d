// Every effective value with where it came from (--explain).
import { printable } from '../errors/index.js';
import { scenarioSchema } from './schema/scenario.js';
import {
  child,
  type MapNode,
  type Node,
  originText,
  type Path,
  type Plain,
  pathText,
  toPlain,
} from './tree.js';

export interface ExplainRow {
  /** As --set takes it. */
  readonly path: string;
  /** As one would write it in a scenario, units and all. */
  readonly value: string;
  /** `default`, `file:line:column`, the flag, or `derived from PATH`. */
  readonly origin: string;
}

/** One row for each value; lists of plain values are one value. */
export function explainTree(root: MapNode): ExplainRow[] {
  const rows: ExplainRow[] = [];
  // The user's keys and the defaults in one order: that of the schema.
  for (const key of Object.keys(scenarioSchema().shape)) {
    const value = child(root, key);
    if (value !== undefined) collect(root, value, [key], rows);
  }
  return rows;
}

function collect(root: Node, node: Node, path: Path, rows: ExplainRow[]): void {
  if (node.type === 'map' && node.entries.size > 0) {
    for (const [key, entry] of node.entries) collect(root, entry.value, [...path, key], rows);
  } else if (node.type === 'list' && node.items.some((item) => item.type !== 'scalar')) {
    for (const [index, item] of node.items.entries()) collect(root, item, [...path, index], rows);
  } else {
    rows.push({ path: pathText(root, path), value: flow(toPlain(node)), origin: originText(node.origin) });
  }
}

function flow(value: Plain): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return '{}';
  return value === '' ? '""' : printable(String(value));
}
