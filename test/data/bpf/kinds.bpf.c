// lpm_trie, queue, stack, array_of_maps, hash_of_maps, lru_hash (never full), bloom_filter (for what
// was pushed), and their return values.
#include "common.bpf.h"

struct prefix {
  __u32 length;
  __u32 address;
};
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __type(key, struct prefix);
  __type(value, __u32);
  __uint(max_entries, 32);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} routes SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __type(value, __u32);
  __uint(max_entries, 6);
} line SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __type(value, __u32);
  __uint(max_entries, 6);
} pile SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4096);
} recent SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
  __type(value, __u32);
  __uint(max_entries, 1000);
} known SEC(".maps");
struct inner {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4);
} left SEC(".maps"), right SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4);
  __type(key, __u32);
  __array(values, struct inner);
} sides SEC(".maps") = {.values = {[0] = &left, [2] = &right}};

SEC("xdp")
int kinds(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  __u32 value = (__u32)eth->h_dest[0] << 8 | eth->h_dest[1];
  __u32 choice = eth->h_dest[2] & 15;
  struct prefix prefix = {.length = eth->h_dest[3] % 36, .address = (__u32)eth->h_dest[4] | eth->h_dest[5] << 28};
  long result = 0;
  __u32 out = 0;
  __u32 *found;
  switch (choice) {
    case 0: case 1: result = bpf_map_update_elem(&routes, &prefix, &value, eth->h_source[0] & 3); break;
    case 2: result = bpf_map_delete_elem(&routes, &prefix); break;
    case 3: case 4:
      found = bpf_map_lookup_elem(&routes, &prefix);
      result = found ? *found : -2;
      break;
    case 5: result = bpf_map_push_elem(&line, &value, eth->h_source[0] & 3); break;
    case 6: result = bpf_map_pop_elem(&line, &out); break;
    case 7: result = bpf_map_peek_elem(&line, &out); break;
    case 8: result = bpf_map_push_elem(&pile, &value, eth->h_source[0] & 3); break;
    case 9: result = bpf_map_pop_elem(&pile, &out); break;
    case 10: result = bpf_map_peek_elem(&pile, &out); break;
    case 11:
      value &= 0xff;
      result = bpf_map_update_elem(&recent, &value, &choice, eth->h_source[0] & 3);
      break;
    case 12:
      value &= 0xff;
      result = bpf_map_delete_elem(&recent, &value);
      break;
    case 13:
      result = bpf_map_push_elem(&known, &value, 0);
      out = bpf_map_peek_elem(&known, &value);
      break;
    default: {
      __u32 side = eth->h_dest[3] & 3;
      __u32 slot = eth->h_dest[4] & 3;
      void *map = bpf_map_lookup_elem(&sides, &side);
      if (!map) return 77;
      found = bpf_map_lookup_elem(map, &slot);
      if (!found) return 78;
      *found = *found * 5 + value;
      result = *found & 0xffff;
    }
  }
  return result < 0 ? (int)(200 - result) : (int)((result ^ (out << 3)) & 0xffffff) + 300;
}
char _license[] SEC("license") = "GPL";
