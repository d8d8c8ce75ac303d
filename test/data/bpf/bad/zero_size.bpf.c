// message: invalid zero-sized read
// message: zero_size.bpf.c:
// hint: may be 0
#include "../common.bpf.h"

SEC("xdp")
int zero_size(struct xdp_md *ctx) {
  char text[8];
  __u32 length = ctx->rx_queue_index & 7;
  if (bpf_xdp_load_bytes(ctx, 0, text, length)) return XDP_DROP;
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
