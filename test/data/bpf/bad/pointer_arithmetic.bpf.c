// message: prohibited
// message: pointer_arithmetic.bpf.c:10
// hint: pointer
#include "../common.bpf.h"

SEC("xdp")
int pointer_arithmetic(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  __u64 moved = (__u64)data;
  asm volatile("%0 *= 2" : "+r"(moved));
  return moved & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
