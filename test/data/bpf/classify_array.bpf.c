// The benchmarks' classifier, counting in an array.
#include "classify.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

SEC("xdp")
int classify_array(struct xdp_md *ctx) {
  struct flow flow;
  int verdict = flow_of(ctx, &flow);
  if (verdict) return verdict;
  __u64 mix = mix_of(&flow);
  __u32 key = mix & 255;
  __u64 *count = bpf_map_lookup_elem(&counts, &key);
  if (!count) return XDP_ABORTED;
  *count += 1;
  return mix & 1 ? XDP_DROP : XDP_TX;
}
char _license[] SEC("license") = "GPL";
