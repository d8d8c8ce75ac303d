// The compiler for eBPF objects: a clang that has the BPF target, and the kernel headers that BPF
// sources include.
import { existsSync } from 'node:fs';
import { capture, which } from './process.mjs';

/** A clang with the BPF target and its headers at hand, or undefined. */
export function bpfCompiler() {
  if (!existsSync('/usr/include/bpf/bpf_helpers.h')) return undefined;
  return ['clang', 'clang-18', 'clang-16', 'clang-15', 'clang-14'].find(
    (name) => which(name) && capture(name, ['--print-targets'])?.includes('bpf'),
  );
}

/** Where Debian keeps asm/types.h. */
export function multiarchInclude() {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const folder = `/usr/include/${machine}-linux-gnu`;
  return existsSync(folder) ? [`-I${folder}`] : [];
}
