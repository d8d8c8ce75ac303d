// The benchmarks' classifier, counting in a hash of flows.
#include "classify.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, struct flow);
  __type(value, __u64);
} flows SEC(".maps");

SEC("xdp")
int classify_hash(struct xdp_md *ctx) {
  struct flow flow;
  int verdict = flow_of(ctx, &flow);
  if (verdict) return verdict;
  __u64 *count = bpf_map_lookup_elem(&flows, &flow);
  if (count) {
    *count += 1;
  } else {
    __u64 one = 1;
    bpf_map_update_elem(&flows, &flow, &one, BPF_ANY);
  }
  return mix_of(&flow) & 1 ? XDP_DROP : XDP_TX;
}
char _license[] SEC("license") = "GPL";
