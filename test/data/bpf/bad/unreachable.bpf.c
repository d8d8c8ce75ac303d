// message: unreachable insn
// hint: dead code
#include "../common.bpf.h"

SEC("xdp")
int unreachable(struct xdp_md *ctx) {
  asm volatile("goto +1; r0 = 5");
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
