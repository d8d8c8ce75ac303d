// eBPF objects of a test's own, by the one command that knows how (scripts/bpf-clang.sh).
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const compiler = join(import.meta.dirname, '../../scripts/bpf-clang.sh');

/** Why there are none; undefined: there is a compiler. */
export function whyNoBpfCompiler(): string | undefined {
  return spawnSync(compiler, ['--version']).status === 0 ? undefined : 'clang for BPF is not installed';
}

/** Compiles `source` to `object`; line information names the file as it is given. */
export function compileBpf(source: string, object: string, cwd = '.'): void {
  execFileSync(compiler, ['-c', source, '-o', object], { cwd });
}
