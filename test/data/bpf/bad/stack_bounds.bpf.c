// message: stack
// message: stack_bounds.bpf.c:8
// hint: 512 bytes
#include "../common.bpf.h"

SEC("xdp")
int stack_bounds(struct xdp_md *ctx) {
  asm volatile("*(u64 *)(r10 - 520) = %0" : : "r"(ctx) : "memory");
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
