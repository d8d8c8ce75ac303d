// What no kernel has and nobody insists on: a weak kernel function and a weak symbol.
#include "common.bpf.h"

extern int ringbed_absent_function(int) __ksym __weak;
extern const int ringbed_absent_symbol __ksym __weak;

SEC("xdp")
int absent(struct xdp_md *ctx) {
  if (ringbed_absent_function) return ringbed_absent_function(word_of(ctx));
  return &ringbed_absent_symbol ? XDP_ABORTED : 2 + (word_of(ctx) & 1);
}
char _license[] SEC("license") = "GPL";
