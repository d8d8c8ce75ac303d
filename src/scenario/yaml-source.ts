// YAML text to the scenario tree, with the line and column of every key and value. Strict and total: one
// YAML 1.2 document without tags, bounded in bytes, nodes and depth (an alias bomb stops at the bound);
// whatever is wrong becomes a fault, nothing is thrown.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml';

import type { Fault } from '../errors/index.js';
import type { Entry, Node, Origin, Scalar } from './tree.js';

// A list of 15,000 symbols fits; the YAML parser takes seconds for the worst text of this size.
export const largestFileBytes = 131_072;
const mostNodes = 100_000;
const deepest = 64;

export interface YamlSource {
  /** Undefined if the text has no usable document. */
  readonly root: Node | undefined;
  readonly faults: readonly Fault[];
}

/** Builds an origin from a line and column. */
export type Locate = (line: number, column: number) => Origin;

/** Parses one document. `file` names it in faults; `locate` makes the origins (default: places in `file`). */
export function parseYaml(text: string, file: string, locate?: Locate): YamlSource {
  return new YamlReader(
    text,
    file,
    locate ?? ((line, column) => ({ kind: 'file', file, line, column })),
  ).read();
}

/** Stops the walk where a bound is passed: one fault, no cascade. */
class TooMuch extends Error {}

class YamlReader {
  readonly #faults: Fault[] = [];
  readonly #lines = new LineCounter();
  readonly #open = new Set<unknown>();
  /** Nodes by their anchor, as far as the text was read: a later anchor of the same name replaces one. */
  readonly #anchors = new Map<string, unknown>();
  #expanding = 0;
  #nodes = 0;

  constructor(
    readonly text: string,
    readonly file: string,
    readonly locate: Locate,
  ) {}

  read(): YamlSource {
    const root = this.#root();
    return { root, faults: this.#faults };
  }

  #root(): Node | undefined {
    if (Buffer.byteLength(this.text) > largestFileBytes) {
      this.#fault(
        0,
        `the file is larger than ${largestFileBytes / 1024} KiB`,
        'a scenario of that size at most',
      );
      return undefined;
    }
    const deep = firstTooDeep(this.text);
    if (deep >= 0) {
      this.#fault(deep, `nested more than ${deepest} levels deep`);
      return undefined;
    }
    try {
      return this.#document();
    } catch (error) {
      if (error instanceof TooMuch) return undefined;
      // The YAML library recurses; on hostile text it may pass the stack's end or trip over itself.
      this.#fault(0, error instanceof RangeError ? `nested more than ${deepest} levels deep` : 'not YAML');
      return undefined;
    }
  }

  #document(): Node | undefined {
    const document = parseDocument(this.text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      intAsBigInt: true,
      keepSourceTokens: false,
      version: '1.2',
      schema: 'core',
      resolveKnownTags: false,
      logLevel: 'error',
      // Found below, where the second key stands.
      uniqueKeys: false,
    });
    const broken: YAMLError[] = [...document.errors, ...document.warnings];
    // One slip in the layout makes the parser report a row of errors: the first is the mistake.
    const first = broken.sort((a, b) => a.pos[0] - b.pos[0])[0];
    if (first !== undefined) {
      this.#fault(first.pos[0], syntaxMessage(first));
      return undefined;
    }
    if (document.contents === null) {
      this.#fault(0, 'the scenario is empty', 'a map with at least `traffic`');
      return undefined;
    }
    return this.#node(document.contents, 0);
  }

  #node(item: unknown, depth: number): Node {
    const offset = rangeStart(item);
    this.#nodes += 1;
    if (this.#nodes > mostNodes)
      this.#stop(offset, `more than ${mostNodes} values (aliases count each time)`);
    if (depth > deepest) this.#stop(offset, `nested more than ${deepest} levels deep`);
    const origin = this.#origin(offset);
    if (isAlias(item)) return this.#expand(item.source, offset, depth);
    this.#remember(item);
    if (isScalar(item))
      return { type: 'scalar', origin, value: this.#scalar(item.value, item.source, offset) };
    this.#open.add(item);
    const node = this.#collection(item, depth, origin);
    this.#open.delete(item);
    return node;
  }

  #remember(item: unknown): void {
    const anchor = (item as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined && this.#expanding === 0) this.#anchors.set(anchor, item);
  }

  // The library's own Alias.resolve() looks through the whole document each time.
  #expand(name: string, offset: number, depth: number): Node {
    const target = this.#anchors.get(name);
    if (target === undefined) this.#stop(offset, `no anchor &${name} before this alias`);
    if (this.#open.has(target)) this.#stop(offset, `the alias *${name} contains itself`);
    this.#expanding += 1;
    const node = this.#node(target, depth + 1);
    this.#expanding -= 1;
    return node;
  }

  #collection(item: unknown, depth: number, origin: Origin): Node {
    if (isSeq(item)) {
      return {
        type: 'list',
        origin,
        items: item.items.map((entry) => this.#node(entry, depth + 1)),
      };
    }
    const entries = new Map<string, Entry>();
    // An empty value (`- ` or `key:`) may come as null instead of a scalar.
    if (!isMap(item)) return { type: 'scalar', origin, value: null };
    for (const pair of item.items) {
      const offset = rangeStart(pair.key);
      if (!isScalar(pair.key) || pair.key.value === null || typeof pair.key.value === 'object') {
        this.#fault(offset, 'a key must be a plain word', 'a name such as `rate`');
        continue;
      }
      const key =
        typeof pair.key.value === 'string' ? pair.key.value : (pair.key.source ?? String(pair.key.value));
      const keyOrigin = this.#origin(offset);
      const value: Node =
        pair.value === null
          ? { type: 'scalar', origin: keyOrigin, value: null }
          : this.#node(pair.value, depth + 1);
      if (entries.has(key)) this.#fault(offset, `the key "${key}" stands here for the second time`);
      else entries.set(key, { key: keyOrigin, value });
    }
    return { type: 'map', origin, entries };
  }

  #scalar(value: unknown, source: string | undefined, offset: number): Scalar {
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      typeof value === 'bigint'
    )
      return value;
    // .inf and .nan are numbers to YAML; no field takes them, and as text the error shows what was typed.
    if (typeof value === 'number') return Number.isFinite(value) ? value : (source ?? String(value));
    return this.#stop(offset, 'not a plain value');
  }

  #origin(offset: number): Origin {
    const { line, col } = this.#position(offset);
    return this.locate(line, col);
  }

  #position(offset: number): { line: number; col: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), col: Math.max(1, col) };
  }

  #fault(offset: number, message: string, expected = ''): void {
    const { line, col } = this.#position(offset);
    const origin = this.locate(line, col);
    const place = origin.kind === 'flag' ? { line: 0, column: 0 } : { line, column: col };
    this.#faults.push({ file: this.file, ...place, path: '', message, expected, nearest: '' });
  }

  #stop(offset: number, message: string): never {
    this.#fault(offset, message);
    throw new TooMuch(message);
  }
}

function rangeStart(item: unknown): number {
  return (item as { range?: [number, number, number] | null } | null)?.range?.[0] ?? 0;
}

function syntaxMessage(error: YAMLError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'a second document; a scenario is one document';
  if (error.code === 'TAG_RESOLVE_FAILED') return 'YAML tags (!…) have no meaning in a scenario';
  // The parser recurses and reports its own exhaustion as if the text were wrong.
  if (/call stack/i.test(error.message)) return `nested more than ${deepest} levels deep`;
  const text = error.message.split('\n')[0] ?? error.message;
  return `not YAML: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/**
 * Offset of the first opening bracket that nests too deep, or -1. Cheap, and before the parser, whose time
 * grows with the square of the depth. Brackets inside quotes or comments count too: nobody nests 64 there.
 */
function firstTooDeep(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === 0x5b || letter === 0x7b) depth += 1;
    else if (letter === 0x5d || letter === 0x7d) depth = Math.max(0, depth - 1);
    if (depth > deepest * 4) return at;
  }
  return -1;
}
