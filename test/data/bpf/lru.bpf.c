// lru_hash and lru_percpu_hash that never fill up: where they do, the kernel's choice is its own.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 4096);
} recent SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4096);
} mine SEC(".maps");

SEC("xdp")
int lru(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), key = word % 400;
  __u64 value = word;
  if (word & 0x10000) return bpf_map_delete_elem(&recent, &key) ? 51 : 50;
  if (word & 0x20000) return bpf_map_delete_elem(&mine, &key) ? 53 : 52;
  __u64 *found = bpf_map_lookup_elem(&recent, &key);
  if (found) *found = *found * 3 + 1;
  long fault = bpf_map_update_elem(&recent, &key, &value, word >> 20 & 1);
  fault += bpf_map_update_elem(&mine, &key, &word, word >> 21 & 3);
  return fault ? (int)(100 - fault) : found ? XDP_TX : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
