// --set PATH=VALUE: changes the tree before it is validated, so a flag keeps every rule that the file keeps.
// PATH is dotted; a list item is addressed by its index or its `name` (`traffic.0.rate`, `traffic[0].rate`,
// `traffic.feed.rate`); keys that contain dots themselves (`slo.latency.p99`, `fields.ipv4.src`) are found as
// they stand.
import { type Fault, nearest } from '../errors/index.js';
import { child, itemName, type ListNode, type MapNode, type Node, type Origin } from './tree.js';
import { parseYaml } from './yaml-source.js';

interface Step {
  readonly parent: MapNode | ListNode;
  readonly key: string;
}

/** Applies one `PATH=VALUE` in place; returns what is wrong with it. */
export function applySet(root: MapNode, set: string): Fault[] {
  const text = `--set ${set}`;
  const split = set.indexOf('=');
  const path = set
    .slice(0, Math.max(0, split))
    .trim()
    .replace(/\[([^[\].]+)\]/g, '.$1');
  const fault = (message: string, expected = '', close = ''): Fault[] => [
    { file: text, line: 0, column: 0, path, message, expected, nearest: close },
  ];
  if (split < 0) return fault('has no value', 'PATH=VALUE, such as --set device.pool.size=512');
  const words = path.split('.');
  if (words.some((word) => word === '')) return fault('is no path', 'dotted words, such as device.pool.size');
  const origin: Origin = { kind: 'flag', text };
  const value = parseYaml(set.slice(split + 1), text, () => origin);
  if (value.root === undefined || value.faults.length > 0) {
    if (set.slice(split + 1).trim() === '') return fault('the value is empty', 'PATH=VALUE');
    return value.faults.map((one) => ({ ...one, path }));
  }
  const missing = put(root, words, value.root, origin);
  if (missing !== undefined) return fault(missing.message, missing.expected, missing.nearest);
  // Two ways to say how long: the later one counts.
  if (path === 'packets') root.entries.delete('duration');
  if (path === 'duration') root.entries.delete('packets');
  return [];
}

interface Missing {
  readonly message: string;
  readonly expected: string;
  readonly nearest: string;
}

function put(root: MapNode, words: readonly string[], value: Node, origin: Origin): Missing | undefined {
  let node: MapNode | ListNode = root;
  let rest = words;
  let container = '';
  while (true) {
    const step = stepInto(node, rest, container);
    if ('message' in step) return step;
    rest = rest.slice(step.used);
    if (rest.length === 0) {
      assign({ parent: node, key: step.key }, value, origin);
      return undefined;
    }
    let next: Node | undefined = child(node, step.key);
    if (next === undefined || next.type === 'scalar') {
      next = /^\d+$/.test(rest[0] ?? '')
        ? { type: 'list', origin, items: [] }
        : { type: 'map', origin, entries: new Map() };
      assign({ parent: node, key: step.key }, next, origin);
    }
    container = step.key;
    node = next;
  }
}

/** The key or index that the next words mean, and how many of them it takes. */
function stepInto(
  node: MapNode | ListNode,
  words: readonly string[],
  container: string,
): { key: string; used: number } | Missing {
  const word = words[0] as string;
  if (node.type === 'list') return indexOf(node, word);
  // A key that stands there already may hold dots; new ones do in the two maps that are keyed by paths.
  for (let used = words.length; used > 1; used--) {
    const key = words.slice(0, used).join('.');
    if (node.entries.has(key)) return { key, used };
  }
  const used = container === 'slo' ? words.length : container === 'fields' ? Math.min(2, words.length) : 1;
  return { key: words.slice(0, used).join('.'), used };
}

function indexOf(list: ListNode, word: string): { key: string; used: number } | Missing {
  const names = list.items.map((_, index) => itemName(list, index));
  const named = names.indexOf(word);
  if (named >= 0) return { key: String(named), used: 1 };
  // One past the end appends.
  if (/^\d{1,6}$/.test(word) && Number(word) <= list.items.length)
    return { key: String(Number(word)), used: 1 };
  const known = names.filter((name) => name !== undefined);
  const items = list.items.length === 1 ? 'one item' : `${list.items.length} items`;
  return {
    message: `the list has no item "${word}"`,
    expected: `an index from 0 (it has ${items})${known.length > 0 ? ` or a name: ${known.join(', ')}` : ''}`,
    nearest: nearest(word, known) ?? '',
  };
}

function assign({ parent, key }: Step, value: Node, origin: Origin): void {
  if (parent.type === 'map') parent.entries.set(key, { key: origin, value });
  else parent.items[Number(key)] = value;
}
