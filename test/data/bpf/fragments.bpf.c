// Frames of several pieces (xdp.frags): lengths, loads and stores across their borders, a tail that
// grows and shrinks over them, a head that moves in front.
#include "common.bpf.h"

static __always_inline __u32 mix(__u32 sum, const __u8 *bytes, int count) {
#pragma unroll
  for (int i = 0; i < count; i++) sum = sum * 31 + bytes[i];
  return sum;
}

SEC("xdp.frags")
int fragments(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  __u32 total = (__u32)bpf_xdp_get_buff_len(ctx);
  __u32 linear = ctx->data_end - ctx->data;
  __u8 bytes[24] = {};
  __u32 sum = total + linear;
  long result = 0;
  // Near a border, or anywhere.
  __u32 at = word & 1 ? word >> 1 & 0x7fff : linear - 12 + ((word >> 1 & 3) << 12);
  switch (word >> 16 & 7) {
    case 0: result = bpf_xdp_load_bytes(ctx, at, bytes, sizeof bytes); break;
    case 1: result = bpf_xdp_store_bytes(ctx, at, &word, sizeof word); break;
    case 2: result = bpf_xdp_adjust_tail(ctx, (int)(word & 0xfff) + 1); break;
    case 3: result = bpf_xdp_adjust_tail(ctx, -(int)(word & 0x3fff) - 1); break;
    case 4: result = bpf_xdp_adjust_tail(ctx, word & 1 ? -(int)((word >> 1 & 3) << 12) : (int)(linear - (word >> 1 & 0xfff))); break;
    case 5: result = bpf_xdp_adjust_head(ctx, (int)(word & 0x1fff) - 200); break;
    case 6: result = bpf_xdp_adjust_tail(ctx, (int)(total & 7) - 3); break;
    default:
      result = bpf_xdp_load_bytes(ctx, at, bytes, sizeof bytes);
      result += bpf_xdp_store_bytes(ctx, at + 1, bytes, sizeof bytes);
  }
  linear = ctx->data_end - ctx->data;
  asm volatile("" : "+r"(linear));  // a number from here on, not the difference of two pointers
  sum += (__u32)bpf_xdp_get_buff_len(ctx) * 7 + linear;
  sum = mix(sum, bytes, sizeof bytes);
  return (int)((sum & 0xffff) + (result < 0 ? 0x10000u * (__u32)-result : 0));
}
char _license[] SEC("license") = "GPL";
