// Holds the sources to the design's layers: an include or import may point down only. What a C++ folder
// may use is what its CMakeLists.txt links (USES), and that may name only folders that come earlier in the
// root CMakeLists.txt; what a TypeScript folder may import is the table below. Also: files stay short,
// <napi.h> stays in binding/, macros stay in base/.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { main, root, say } from './lib/process.mjs';

// Folder of src/ → folders that it may import; "types of x" allows `import type` alone.
const typescriptLayers = {
  errors: [],
  native: ['errors'],
  scenario: ['errors'],
  report: ['types of run'],
  run: ['errors', 'native', 'scenario'],
  sweep: ['errors', 'scenario', 'run', 'report'],
  control: ['errors', 'types of native', 'scenario', 'run'],
  classifier: ['errors', 'native', 'scenario', 'run'],
  cli: ['errors', 'native', 'scenario', 'report', 'run', 'sweep', 'classifier', 'control'],
};

const longestFile = 700;

/** Every violation under `top` as `file:line: what`. Empty: the layers hold. */
export function layerViolations(top) {
  return [...nativeViolations(top), ...typescriptViolations(top), ...lengthViolations(top)];
}

function filesOf(top, folder, pattern) {
  const at = join(top, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => posix.join(folder, file));
}

function linesOf(top, file) {
  return readFileSync(join(top, file), 'utf8').split('\n');
}

// --- C++ ------------------------------------------------------------------------------------------------

function nativeViolations(top) {
  const lists = filesOf(top, 'csrc', /^[^/]+\/CMakeLists\.txt$/);
  if (lists.length === 0) return [];
  const order = /set\(RINGBED_FOLDERS ([^)]*)\)/.exec(readFileSync(join(top, 'CMakeLists.txt'), 'utf8'))?.[1];
  const folders = order?.trim().split(/\s+/) ?? [];
  const violations = [];
  const uses = new Map();
  for (const list of lists) {
    const folder = list.split('/')[1];
    const text = readFileSync(join(top, list), 'utf8').replace(/#.*/g, '');
    const named = /\bUSES\s+([\w\s]+?)\s*(?:LIBRARIES|SOURCES|\))/.exec(text)?.[1].split(/\s+/) ?? [];
    const linked = [...text.matchAll(/\bringbed_(\w+)/g)]
      .map((match) => match[1])
      .filter((name) => folders.includes(name));
    uses.set(
      folder,
      [...new Set([...named, ...linked])].filter((name) => name !== folder),
    );
    for (const name of named) {
      const above = folders.includes(folder) && folders.indexOf(name) >= folders.indexOf(folder);
      if (above || !folders.includes(name)) {
        violations.push(`${list}: ${folder}/ must not use ${name}/, which is not below it`);
      }
    }
  }
  const reachable = (folder, seen = new Set([folder])) => {
    for (const name of uses.get(folder) ?? []) if (!seen.has(name)) reachable(name, seen.add(name));
    return seen;
  };
  for (const file of filesOf(top, 'csrc', /\.(hpp|cpp|h)$/)) {
    const folder = file.split('/')[1];
    const allowed = reachable(folder);
    linesOf(top, file).forEach((line, i) => {
      const place = `${file}:${i + 1}`;
      const included = /^\s*#\s*include\s+"([\w]+)\//.exec(line)?.[1];
      if (included !== undefined && !allowed.has(included)) {
        violations.push(
          `${place}: ${folder}/ must not include ${included}/; it may use ${[...allowed].join(', ')}`,
        );
      }
      if (/^\s*#\s*include\s+<napi\.h>/.test(line) && folder !== 'binding') {
        violations.push(`${place}: only binding/ includes <napi.h>`);
      }
      if (/^\s*#\s*define\b/.test(line) && folder !== 'base') {
        violations.push(`${place}: macros live in base/ alone`);
      }
    });
  }
  return violations;
}

// --- TypeScript -----------------------------------------------------------------------------------------

function typescriptViolations(top) {
  const violations = [];
  for (const file of filesOf(top, 'src', /\.ts$/)) {
    const [, folder, inside] = file.split('/');
    // src/index.ts is the package's face: it may show anything.
    if (inside === undefined) continue;
    const allowed = typescriptLayers[folder];
    if (allowed === undefined) {
      violations.push(`${file}: src/${folder}/ has no row in scripts/check-layers.mjs`);
      continue;
    }
    const text = readFileSync(join(top, file), 'utf8');
    const imports =
      /\b(?:import|export)\s+(type\s)?[\w\s{},*]*?\bfrom\s+'(\.[^']+)'|\bimport\((?:\s*)'(\.[^']+)'/g;
    for (const match of text.matchAll(imports)) {
      const target = posix.join(posix.dirname(file), match[2] ?? match[3]).split('/');
      const to = target[0] === 'src' && target.length > 2 ? target[1] : target.join('/');
      if (to === folder || allowed.includes(to) || (match[1] && allowed.includes(`types of ${to}`))) continue;
      const line = text.slice(0, match.index).split('\n').length;
      const may = allowed.length === 0 ? 'nothing' : allowed.join(', ');
      violations.push(`${file}:${line}: ${folder}/ must not import ${to}; it may import ${may}`);
    }
  }
  return violations;
}

// --- Length ---------------------------------------------------------------------------------------------

function lengthViolations(top) {
  return ['csrc', 'src', 'scripts', 'test']
    .flatMap((folder) => filesOf(top, folder, /\.(hpp|cpp|ts|mjs|c)$/))
    .flatMap((file) => {
      const lines = linesOf(top, file).length - 1;
      return lines > longestFile ? [`${file}: ${lines} lines; split what is longer than ${longestFile}`] : [];
    });
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const violations = layerViolations(root);
    for (const violation of violations) say(violation);
    return violations.length > 0 ? 1 : 0;
  });
}
