// message: div by zero
// message: zero_division.bpf.c:9
// hint: zero
#include "../common.bpf.h"

SEC("xdp")
int zero_division(struct xdp_md *ctx) {
  __u64 value = ctx->rx_queue_index;
  asm volatile("%0 /= 0" : "+r"(value));
  return value ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
