// An lru_hash whose CPUs share no free list (BPF_F_NO_COMMON_LRU): each evicts from its own part of the map, long
// before the whole is full, and which entry goes is the kernel's choice.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 2048);
  __uint(map_flags, BPF_F_NO_COMMON_LRU);
} flows SEC(".maps");

SEC("xdp")
int shares(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), key = word % 1900;
  __u64 value = word;
  return bpf_map_update_elem(&flows, &key, &value, BPF_ANY) ? XDP_ABORTED : word & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
