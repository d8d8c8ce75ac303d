// message: R6 invalid mem access 'scalar'
// message: stale_packet.bpf.c:11
// hint: adjust
#include "../common.bpf.h"

SEC("xdp")
int stale_packet(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  if (data + 20 > (__u8 *)(long)ctx->data_end) return XDP_PASS;
  if (bpf_xdp_adjust_head(ctx, 4)) return XDP_ABORTED;
  return data[3];
}
char _license[] SEC("license") = "GPL";
