// lpm_trie over IPv4 and IPv6 prefixes: overlapping ones come and go, the longest match decides.
#include "common.bpf.h"

struct v4 {
  __u32 bits;
  __u8 address[4];
};
struct v6 {
  __u32 bits;
  __u8 address[16];
};
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __type(key, struct v4);
  __type(value, __u32);
  __uint(max_entries, 40);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} short_ones SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __type(key, struct v6);
  __type(value, __u64);
  __uint(max_entries, 40);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} long_ones SEC(".maps");

SEC("xdp")
int tries(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  struct v4 key = {.bits = word % 34, .address = {10, word >> 8 & 1, word >> 9 & 3, word >> 11}};
  struct v6 wide = {.bits = word % 130, .address = {0x20, 1, 0xd, 0xb8, word >> 8 & 1}};
  wide.address[15] = word >> 11;
  __u64 value = word;
  long result = 0;
  switch (word >> 20 & 7) {
    case 0: result = bpf_map_update_elem(&short_ones, &key, &word, word >> 23 & 3); break;
    case 1: result = bpf_map_update_elem(&long_ones, &wide, &value, word >> 23 & 3); break;
    case 2: result = bpf_map_delete_elem(&short_ones, &key); break;
    case 3: result = bpf_map_delete_elem(&long_ones, &wide); break;
    case 4: case 5: {
      key.bits = 32;
      __u32 *found = bpf_map_lookup_elem(&short_ones, &key);
      result = found ? *found & 0xffff : -1;
      break;
    }
    default: {
      wide.bits = 128;
      __u64 *found = bpf_map_lookup_elem(&long_ones, &wide);
      result = found ? (long)(*found & 0xffff) : -1;
    }
  }
  return result < 0 ? (int)(100 - result) : (int)result + 200;
}
char _license[] SEC("license") = "GPL";
