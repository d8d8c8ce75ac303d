// The bundled classifier's object: how it is made from its sources, and from what it was made.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, root } from './process.mjs';
import { filesBelow } from './stamp.mjs';

export const folder = join(root, 'csrc/classifier');
export const object = 'classifier.bpf.o';
export const record = 'classifier.bpf.json';

const compiler = join(root, 'scripts/bpf-clang.sh');
// Paths in the object's line information are relative to the repository.
const flags = ['-Werror', '-fdebug-compilation-dir=csrc/classifier'];

/** Line information stays (BTF); DWARF, nine tenths of the file, goes. */
export async function compile(to) {
  const what = 'compiling the bundled classifier';
  await must(compiler, [...flags, '-c', 'classifier.bpf.c', '-o', to], { cwd: folder, quiet: true, what });
  await must('llvm-strip', ['--strip-debug', to], { quiet: true, what: 'taking DWARF out of the object' });
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function output(...args) {
  const { status, stdout } = spawnSync(compiler, args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

/**
 * What an object made here and now is made of: `sources` always; `clang` and `preprocessed` (all that the
 * compiler sees, system headers included) where there is a compiler.
 */
export function origin() {
  const sources = filesBelow('csrc/classifier').filter((path) => /\.[ch]$/.test(path));
  const preprocessed = output(...flags, '-E', '-P', 'classifier.bpf.c');
  return {
    sources: sha256(sources.map((path) => `${path}\0${readFileSync(join(root, path), 'utf8')}\0`).join('')),
    clang: output('--version')?.split('\n')[0],
    preprocessed: preprocessed && sha256(preprocessed),
  };
}
