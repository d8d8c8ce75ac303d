// Finds and loads the addon, once: the prebuilt one of an installed package, or the one that a checkout
// built. When none loads, the error lists every place, what was wrong there and what to type.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { RingbedError } from '../errors/index.js';
import type { Native } from './native.js';
import { packageRoot } from './package-root.js';

/** Where an addon may be, best first. A checkout's own build wins over what it once packed. */
export function addonCandidates(root = packageRoot): string[] {
  return [
    join(root, 'build', 'Release', 'ringbed.node'),
    join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'ringbed.node'),
  ];
}

/** Tries the candidates in turn. @throws RingbedError `unavailable` (exit code 4) when none loads */
export function loadFrom(candidates: readonly string[], root = packageRoot): Native {
  const causes: string[] = [];
  for (const path of candidates) {
    if (!existsSync(path)) {
      causes.push(`${path}: not there`);
      continue;
    }
    try {
      return createRequire(import.meta.url)(path) as Native;
    } catch (error) {
      causes.push(`${path}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new RingbedError(
    'unavailable',
    `the native addon cannot be loaded:\n${causes.map((cause) => `  ${cause}`).join('\n')}`,
    remedy(causes, root),
  );
}

function remedy(causes: readonly string[], root: string): string {
  const build = existsSync(join(root, 'scripts', 'setup.mjs'))
    ? `build it: cd ${root} && npm run setup`
    : 'build it (needs g++ or clang++, cmake and ninja): npm install --no-save cmake-js@8 node-addon-api@8 node-api-headers@1 ' +
      `&& npx cmake-js build -d ${root} -B Release -G Ninja`;
  const text = causes.join('\n');
  if (/GLIBC|GLIBCXX|CXXABI/.test(text)) return `the addon was built on a newer system; ${build}`;
  if (/wrong ELF class|invalid ELF header|Exec format/.test(text)) {
    return `the addon is for another processor than ${process.arch}; ${build}`;
  }
  const library = /(lib[\w+-]+\.so[.\d]*): cannot open/.exec(text)?.[1];
  if (library !== undefined) return `install the package that provides ${library}, or ${build}`;
  return build;
}

let loaded: Native | undefined;

/** The addon; loaded at the first call. */
export function loadNative(): Native {
  loaded ??= loadFrom(addonCandidates());
  return loaded;
}
