// message: invalid mem access 'map_value_or_null'
// message: value_may_be_null.bpf.c:17: *value += 1;
// message: R0=map_value_or_null
// hint: NULL
#include "../common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4);
} values SEC(".maps");
SEC("xdp")
int value_may_be_null(struct xdp_md *ctx) {
  __u32 key = 1;
  __u32 *value = bpf_map_lookup_elem(&values, &key);
  *value += 1;
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
