// adjust_meta: metadata in front of the frame, its limits, and adjust_head with metadata there.
#include "common.bpf.h"

SEC("xdp")
int meta(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  int by = -(int)(word & 0xff);
  long fault = bpf_xdp_adjust_meta(ctx, by);
  if (fault) return (int)(100 - fault);
  void *data = (void *)(long)ctx->data;
  __u32 *room = (void *)(long)ctx->data_meta;
  if ((void *)(room + 2) <= data) {
    room[0] = word;
    room[1] = 0xfeedf00d;
  }
  if (word & 0x100) fault = bpf_xdp_adjust_head(ctx, (int)(word >> 9 & 63) - 32);
  long again = word & 0x10000 ? bpf_xdp_adjust_meta(ctx, 4) : 0;
  return fault ? (int)(300 - fault) : again ? (int)(400 - again) : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
