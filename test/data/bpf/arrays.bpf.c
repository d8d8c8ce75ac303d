// array: values of every width, neighbours in a struct, an index out of range, update flags.
#include "common.bpf.h"

struct record {
  __u8 byte;
  __u16 half;
  __u32 word;
  __u64 wide;
  char text[13];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct record);
  __uint(max_entries, 7);
} records SEC(".maps");

SEC("xdp")
int arrays(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  __u32 slot = word % 9;
  struct record *found = bpf_map_lookup_elem(&records, &slot);
  if (!found) return XDP_ABORTED;
  found->byte += word;
  found->half ^= word >> 3;
  found->word -= word * 5;
  found->wide = found->wide * 31 + word;
  __u32 at = word >> 16 & 15;
  if (at < sizeof found->text) found->text[at] = word >> 8;
  struct record copy = *found;
  copy.wide++;
  __u32 next = (word >> 5) % 9;
  long fault = bpf_map_update_elem(&records, &next, &copy, word & 3);
  if (bpf_map_delete_elem(&records, &slot) != -22) return 99;
  return fault ? (int)(100 - fault) : found->byte & 3;
}
char _license[] SEC("license") = "GPL";
