// message: misaligned stack access
// message: misaligned.bpf.c:8
// hint: align
#include "../common.bpf.h"

SEC("xdp")
int misaligned(struct xdp_md *ctx) {
  asm volatile("*(u64 *)(r10 - 17) = %0" : : "r"(5ULL) : "memory");
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
