// adjust_tail by every amount, xdp_get_buff_len, xdp_load_bytes and xdp_store_bytes.
#include "common.bpf.h"

SEC("xdp")
int tailroom(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  __u64 before = bpf_xdp_get_buff_len(ctx);
  int by = (int)(word & 0x1ff) - 0x100;
  if ((word & 0xf000) == 0) by *= 16;
  long fault = bpf_xdp_adjust_tail(ctx, by);
  __u64 after = bpf_xdp_get_buff_len(ctx);
  __u8 bytes[24];
  __u32 at = word >> 16 & 0x7f;
  if (bpf_xdp_load_bytes(ctx, at, bytes, sizeof bytes)) return fault ? 90 : 91;
  for (int i = 0; i < 12; i++) {
    __u8 byte = bytes[i];
    bytes[i] = bytes[23 - i];
    bytes[23 - i] = byte + 1;
  }
  if (bpf_xdp_store_bytes(ctx, at + (word >> 24 & 31), bytes, sizeof bytes)) return fault ? 92 : 93;
  return fault ? (int)(100 - fault) : (int)(200 + after - before + 0x100);
}
char _license[] SEC("license") = "GPL";
