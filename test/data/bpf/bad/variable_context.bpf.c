// message: variable ctx access
// message: variable_context.bpf.c:
// hint: constant offsets
#include "../common.bpf.h"

SEC("xdp")
int variable_context(struct xdp_md *ctx) {
  __u64 index = ctx->rx_queue_index & 3;
  __u64 *words = (__u64 *)ctx;
  asm volatile("%0 += %1" : "+r"(words) : "r"(index));
  return *(volatile __u32 *)words ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
