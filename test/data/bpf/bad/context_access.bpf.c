// message: invalid bpf_context access off=100 size=4
// message: context_access.bpf.c:9
// hint: context
#include "../common.bpf.h"

SEC("xdp")
int context_access(struct xdp_md *ctx) {
  __u32 value;
  asm volatile("%0 = *(u32 *)(%1 + 100)" : "=r"(value) : "r"(ctx));
  return value ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
