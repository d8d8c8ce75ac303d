// message: doesn't return scalar
// message: global_return.bpf.c:
// hint: make it static
#include "../common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4);
} values SEC(".maps");
__attribute__((noinline)) __u32 *find(__u32 key) { return bpf_map_lookup_elem(&values, &key); }
SEC("xdp")
int global_return(struct xdp_md *ctx) { return find(ctx->rx_queue_index) ? XDP_PASS : XDP_DROP; }
char _license[] SEC("license") = "GPL";
