// hash, preallocated and not, with a key of 13 bytes: every update flag, deletes, a full map.
#include "common.bpf.h"

struct key {
  __u32 source, destination;
  __u16 ports[2];
  __u8 protocol;
} __attribute__((packed));
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, struct key);
  __type(value, __u64);
  __uint(max_entries, 24);
} fixed SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, struct key);
  __type(value, __u32);
  __uint(max_entries, 24);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} grown SEC(".maps");

SEC("xdp")
int hashes(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  struct key key = {.source = word & 7, .destination = word >> 3 & 3, .protocol = word >> 5 & 1};
  __u64 flags = word >> 8 & 3, value = word;
  __u32 small = word;
  long result;
  switch (word >> 10 & 7) {
    case 0: result = bpf_map_delete_elem(&fixed, &key); break;
    case 1: result = bpf_map_delete_elem(&grown, &key); break;
    case 2: case 3: result = bpf_map_update_elem(&fixed, &key, &value, flags); break;
    case 4: case 5: result = bpf_map_update_elem(&grown, &key, &small, flags); break;
    case 6: {
      __u64 *found = bpf_map_lookup_elem(&fixed, &key);
      result = found ? (long)(*found += 3) & 0xff : -1;
      break;
    }
    default: {
      __u32 *found = bpf_map_lookup_elem(&grown, &key);
      result = found ? (*found ^= word) & 0xff : -1;
    }
  }
  return result < 0 ? (int)(300 - result) : (int)result;
}
char _license[] SEC("license") = "GPL";
