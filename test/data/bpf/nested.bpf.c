// array_of_maps and hash_of_maps whose inner maps change: an empty slot, an array, another one.
#include "common.bpf.h"

struct inner {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 8);
} north SEC(".maps"), south SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner);
} by_index SEC(".maps") = {.values = {[0] = &north, [3] = &south}};
struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner);
} by_key SEC(".maps") = {.values = {[1] = &south}};

SEC("xdp")
int nested(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), outer = word & 3, slot = word >> 2 & 15;
  void *map = word & 0x100 ? bpf_map_lookup_elem(&by_index, &outer) : bpf_map_lookup_elem(&by_key, &outer);
  if (!map) return XDP_DROP;
  __u64 *value = bpf_map_lookup_elem(map, &slot);
  if (!value) return XDP_ABORTED;
  *value = *value * 5 + word;
  return 100 + (int)(*value & 0xff);
}
char _license[] SEC("license") = "GPL";
