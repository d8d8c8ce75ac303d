// bloom_filter, so wide that a false positive is next to impossible: what was pushed is there.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
  __type(value, __u64);
  __uint(max_entries, 1000000);
  __uint(map_extra, 10);
} known SEC(".maps");

SEC("xdp")
int bloom(struct xdp_md *ctx) {
  __u64 word = word_of(ctx) % 3000;
  long there = bpf_map_peek_elem(&known, &word);
  if (word % 3 == 0) return bpf_map_push_elem(&known, &word, BPF_ANY) ? 9 : there ? 7 : 8;
  return there ? XDP_DROP : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
