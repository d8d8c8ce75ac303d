#!/bin/sh
# Compiles an eBPF object: scripts/bpf-clang.sh [-mcpu=v2] -c FILE.bpf.c -o OBJECT. The one place that knows
# how: build script, C++ tests and TypeScript tests all call it. Exit status 127: no clang has the BPF target.
for clang in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
  if "$clang" --print-targets 2> /dev/null | grep -q ' bpf '; then
    # asm/types.h lies in a folder of the machine on Debian.
    exec "$clang" -O2 -g -Wall -target bpf "-I/usr/include/$(uname -m)-linux-gnu" "$@"
  fi
done
echo 'no clang with the BPF target is installed: apt-get install clang libbpf-dev' >&2
exit 127
