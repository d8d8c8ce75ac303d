// The benchmarks' classifier without a map.
#include "classify.bpf.h"

SEC("xdp")
int classify(struct xdp_md *ctx) {
  struct flow flow;
  int verdict = flow_of(ctx, &flow);
  if (verdict) return verdict;
  return mix_of(&flow) & 1 ? XDP_DROP : XDP_TX;
}
char _license[] SEC("license") = "GPL";
