// A scenario as a tree in which every value knows where it came from. The file, --set, --costs and the
// defaults are all layers of this one tree, in the scenario's own language; it is validated as a whole,
// faults find their line in it, and --explain prints it.

/** Where a value came from. Lines and columns count from 1. */
export type Origin =
  | { readonly kind: 'file' | 'costs'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'flag'; readonly text: string }
  | { readonly kind: 'default' }
  | { readonly kind: 'derived'; readonly from: string };

export type Scalar = string | number | bigint | boolean | null;
export type Path = readonly (string | number)[];

export interface ScalarNode {
  readonly type: 'scalar';
  readonly origin: Origin;
  readonly value: Scalar;
}
export interface ListNode {
  readonly type: 'list';
  readonly origin: Origin;
  readonly items: Node[];
}
export interface MapNode {
  readonly type: 'map';
  readonly origin: Origin;
  readonly entries: Map<string, Entry>;
}
export interface Entry {
  /** Where the key stands. */
  readonly key: Origin;
  readonly value: Node;
}
export type Node = ScalarNode | ListNode | MapNode;

/** Plain data: scalars, arrays and objects without a prototype (a key `__proto__` is a key like any other). */
export type Plain = Scalar | Plain[] | { [key: string]: Plain };

export function toPlain(node: Node): Plain {
  if (node.type === 'scalar') return node.value;
  if (node.type === 'list') return node.items.map(toPlain);
  const object = Object.create(null) as { [key: string]: Plain };
  for (const [key, entry] of node.entries) object[key] = toPlain(entry.value);
  return object;
}

export function fromPlain(value: Plain, origin: Origin): Node {
  if (Array.isArray(value))
    return { type: 'list', origin, items: value.map((item) => fromPlain(item, origin)) };
  if (typeof value !== 'object' || value === null) return { type: 'scalar', origin, value };
  const entries = new Map<string, Entry>();
  for (const [key, item] of Object.entries(value))
    entries.set(key, { key: origin, value: fromPlain(item, origin) });
  return { type: 'map', origin, entries };
}

/** The child of a map (by key) or list (by index). */
export function child(node: Node | undefined, step: string | number): Node | undefined {
  if (node?.type === 'map') return node.entries.get(String(step))?.value;
  if (node?.type === 'list') return node.items[Number(step)];
  return undefined;
}

/** The node at `path`, or undefined. */
export function find(node: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>(child, node);
}

/**
 * Where what stands at `path` was written, or its nearest ancestor that somebody wrote; of a key where `atKey`.
 * Kind `default` only where nobody wrote anything.
 */
export function originAt(root: Node, path: Path, atKey = false): Origin {
  let node = root;
  let written = root.origin;
  for (const [depth, step] of path.entries()) {
    const next = child(node, step);
    if (next === undefined) break;
    if (atKey && depth === path.length - 1 && node.type === 'map') {
      return node.entries.get(String(step))?.key ?? next.origin;
    }
    node = next;
    if (node.origin.kind !== 'default') written = node.origin;
  }
  return written;
}

/** Adds the keys of `defaults` that are not there yet, map by map. */
export function fillMissing(node: MapNode, defaults: { [key: string]: Plain }, origin: Origin): void {
  for (const [key, value] of Object.entries(defaults)) {
    const present = node.entries.get(key)?.value;
    if (present === undefined) {
      node.entries.set(key, { key: origin, value: fromPlain(value, origin) });
    } else if (
      present.type === 'map' &&
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value)
    ) {
      fillMissing(present, value, origin);
    }
  }
}

/** Removes what stands at `path`. A list loses all its items with one, so that none changes its index. */
export function prune(root: Node, path: Path): void {
  const last = path.at(-1);
  const parent = find(root, path.slice(0, -1));
  if (last === undefined || parent === undefined) return;
  if (parent.type === 'map') parent.entries.delete(String(last));
  else prune(root, path.slice(0, -1));
}

const plainName = /^[A-Za-z_][\w-]*$/;

/** `traffic.feed.rate`: list items by their name where they have one of their own, else by index. */
export function pathText(root: Node, path: Path): string {
  const words: string[] = [];
  let node: Node | undefined = root;
  for (const step of path) {
    const next: Node | undefined = child(node, step);
    words.push((node?.type === 'list' && itemName(node, Number(step))) || String(step));
    node = next;
  }
  return words.join('.');
}

/** The name of a list item, if no other item of the list has it. */
export function itemName(list: ListNode, index: number): string | undefined {
  const name = nameOf(list.items[index]);
  const others = list.items.some((item, at) => at !== index && nameOf(item) === name);
  return name !== undefined && !others ? name : undefined;
}

function nameOf(item: Node | undefined): string | undefined {
  const name = child(item, 'name');
  return name?.type === 'scalar' && typeof name.value === 'string' && plainName.test(name.value)
    ? name.value
    : undefined;
}

/** `default`, `scenario.yaml:3:7`, `--set …`, `--costs FILE:1:2`, `derived from …`. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'flag':
      return origin.text;
    case 'derived':
      return `derived from ${origin.from}`;
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'costs':
      return `--costs ${origin.file}:${origin.line}:${origin.column}`;
  }
}
