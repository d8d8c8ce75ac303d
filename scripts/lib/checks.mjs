// The static checks: each one program, passed or failed.
import { join } from 'node:path';
import { root, run, which } from './process.mjs';
import { filesBelow } from './stamp.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);

/** Name, command and, where it may be missing, what says so. */
export function staticChecks() {
  const native = ['csrc', 'test'].flatMap(filesBelow).filter((file) => /\.(hpp|cpp)$/.test(file));
  return [
    { name: 'layers', command: process.execPath, args: ['scripts/check-layers.mjs'] },
    { name: 'biome', command: bin('biome'), args: ['check', '--error-on-warnings', '.'] },
    { name: 'types of tests', command: bin('tsc'), args: ['-p', 'test'] },
    {
      name: 'clang-format',
      command: 'clang-format',
      args: ['--dry-run', '--Werror', ...native],
      skip: which('clang-format') ? undefined : 'clang-format is not installed',
    },
  ];
}

/** Runs one check. @returns {{status: number, output: string}} */
export function runCheck({ command, args }) {
  return run(command, args, { quiet: true });
}
