// message: invalid access to map value
// message: value_size=4
// message: value_bounds.bpf.c:17
// hint: value_size
#include "../common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4);
} values SEC(".maps");
SEC("xdp")
int value_bounds(struct xdp_md *ctx) {
  __u32 key = 1;
  __u32 *value = bpf_map_lookup_elem(&values, &key);
  if (value) value[1] = 5;
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
