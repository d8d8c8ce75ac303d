// message: loop
// message: endless_loop.bpf.c:8
// hint: bound
#include "../common.bpf.h"

SEC("xdp")
int endless_loop(struct xdp_md *ctx) {
  asm volatile("r2 = 0; if r2 == 0 goto -1" : : : "r2");
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
