// message: type=scalar expected=
// message: wrong_argument.bpf.c:15
// hint: argument
#include "../common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4);
} values SEC(".maps");
SEC("xdp")
int wrong_argument(struct xdp_md *ctx) {
  __u64 key = ctx->rx_queue_index;
  return bpf_map_lookup_elem(&values, (void *)key) ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
