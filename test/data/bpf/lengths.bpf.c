// Whether a frame fits: bpf_check_mtu with and without a length of the program's own, XDP.
#include "common.bpf.h"

SEC("xdp")
int lengths(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  __u32 length = word & 1 ? word >> 1 & 0x1ffff : 0;
  __s32 difference = (__s32)(word >> 2 & 0x1ffff) - 0x8000;
  __u32 ifindex = (word >> 19 & 3) > 1 ? 0x7ffffff0 : word >> 19 & 3;  // its own, the loopback, none
  long result = bpf_check_mtu(ctx, ifindex, &length, difference, word >> 21 & 7 ? 0 : word >> 24 & 3);
  return (int)((result < 0 ? 100 - result : result) + (length & 0xff));
}
char _license[] SEC("license") = "GPL";
