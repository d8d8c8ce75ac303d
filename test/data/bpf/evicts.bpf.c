// An LRU map that fills up, and a verdict that depends on what it has thrown out.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 1024);
} seen SEC(".maps");

SEC("xdp")
int evicts(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), key = word % 3000;
  if (bpf_map_lookup_elem(&seen, &key)) return XDP_DROP;
  bpf_map_update_elem(&seen, &key, &word, BPF_ANY);
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
