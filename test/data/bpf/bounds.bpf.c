// adjust_head, adjust_tail, adjust_meta, load and store bytes, csum_diff: by what the frame says.
#include "common.bpf.h"

SEC("xdp")
int bounds(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  __u32 choice = eth->h_dest[5] & 7;
  int delta = (signed char)eth->h_dest[4];
  long result = 0;
  if (choice == 0) {
    result = bpf_xdp_adjust_head(ctx, delta);
  } else if (choice == 1) {
    result = bpf_xdp_adjust_tail(ctx, delta);
  } else if (choice == 2) {
    result = bpf_xdp_adjust_tail(ctx, delta * 32);
  } else if (choice == 3) {
    result = bpf_xdp_adjust_head(ctx, delta * 2);
  } else if (choice == 4) {
    result = bpf_xdp_adjust_meta(ctx, delta);
    if (result == 0) {
      __u32 *meta = (void *)(long)ctx->data_meta;
      void *start = (void *)(long)ctx->data;
      if ((void *)(meta + 1) <= start) *meta = 0xabcdef01;
      result = (long)(start - (void *)meta);
    }
  } else if (choice == 5) {
    __u8 buffer[16] = {};
    result = bpf_xdp_load_bytes(ctx, (__u32)(unsigned char)delta * 4, buffer, sizeof buffer);
    for (int i = 0; i < 16; i++) result = result * 31 + buffer[i];
  } else if (choice == 6) {
    __u8 buffer[4] = {1, 2, 3, 4};
    result = bpf_xdp_store_bytes(ctx, (__u32)(unsigned char)delta, buffer, sizeof buffer);
  } else {
    __be32 words[3] = {0x01020304, delta, 0xfffffffe};
    __be32 more[2] = {delta * 3, 0xffffffff};
    result = bpf_csum_diff(words, sizeof words, more, sizeof more, delta);
    result = result * 65537 + bpf_csum_diff(0, 0, words, sizeof words, 0);
    result = result * 65537 + bpf_csum_diff(words, sizeof words, 0, 0, 0);
  }
  if (result < 0) return (int)(100 - result);
  data = (void *)(long)ctx->data;
  end = (void *)(long)ctx->data_end;
  eth = data;
  if ((void *)(eth + 1) <= end) eth->h_source[0] ^= 0x55;
  return (int)(result & 0x7fff) + 1000;
}
char _license[] SEC("license") = "GPL";
