// Turns zod's issues into faults: the path leads back to the node and its line, a union's issues become
// those of the branch that the user meant, and one unknown key is one fault.
import { type Fault, nearest } from '../errors/index.js';
import { describe, type IssueParams, keysText } from './schema/kit.js';
import { find, type Node, originAt, type Path, pathText } from './tree.js';

/** The part of a zod issue that is read here. */
export interface Issue {
  readonly code?: string | undefined;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
  readonly params?: IssueParams;
}

/** A fault and the path that it is about (to prune, or to look up what else it concerns). */
export interface PlacedFault {
  readonly path: Path;
  readonly fault: Fault;
  /** It is about a key that nobody knows: perhaps what is missing beside it, by another name. */
  readonly stray?: boolean;
}

export function faultsOf(root: Node, issues: readonly Issue[]): PlacedFault[] {
  const found = issues.flatMap((issue) => placed(root, issue, []));
  const strays = found.filter(({ stray }) => stray);
  return found.filter(
    ({ path, stray }) =>
      stray || find(root, path) !== undefined || !strays.some((each) => isMeant(each, path)),
  );
}

/** Whether an unknown key may be what is missing at `path`: it stands beside it, and is near to no other key. */
function isMeant({ path: stray, fault }: PlacedFault, path: Path): boolean {
  return isBeside(stray, path) && [String(path.at(-1)), ''].includes(fault.nearest);
}

/** Whether two keys are of the same map. */
export function isBeside(one: Path, other: Path): boolean {
  return (
    one.length === other.length && one.slice(0, -1).every((step, at) => String(step) === String(other[at]))
  );
}

function placed(root: Node, issue: Issue, prefix: Path): PlacedFault[] {
  const path = [...prefix, ...(issue.path as Path)];
  if (issue.code === 'unrecognized_keys') {
    const params = issue.params ?? {};
    return (issue.keys ?? []).map((key) => unknownKey(root, [...path, key], key, params));
  }
  const branch = issue.params?.pick === undefined ? undefined : issue.errors?.[issue.params.pick];
  if (branch !== undefined) return branch.flatMap((inner) => placed(root, inner, path));
  const at = issue.params?.at;
  return [placeFault(root, at === undefined ? path : [...path, at], issue.message, issue.params)];
}

function unknownKey(root: Node, path: Path, key: string, params: IssueParams): PlacedFault {
  const { known = [], homes, aliases = {} } = params;
  const home = homes?.get(key);
  const alias = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  const close = home === undefined ? (alias ?? nearest(key, known)) : undefined;
  const expected = home === undefined ? `one of ${keysText(known)}` : `it in ${home}: { ${key}: … }`;
  const about = { expected: close === undefined ? expected : '', nearest: close, key: true };
  return { ...placeFault(root, path, `unknown key ${describe(key)}`, about), stray: true };
}

/** A fault at a path of the tree. */
export function placeFault(root: Node, path: Path, message: string, params: IssueParams = {}): PlacedFault {
  const origin = originAt(root, path, params.key === true);
  const hasPlace = origin.kind === 'file' || origin.kind === 'costs';
  const fault: Fault = {
    file: hasPlace ? origin.file : origin.kind === 'flag' ? origin.text : 'defaults',
    line: hasPlace ? origin.line : 0,
    column: hasPlace ? origin.column : 0,
    path: pathText(root, path),
    message,
    expected: params.expected ?? '',
    nearest: params.nearest ?? '',
  };
  return { path, fault };
}
