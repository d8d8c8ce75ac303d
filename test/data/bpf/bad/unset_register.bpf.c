// message: R7 !read_ok
// message: unset_register.bpf.c:9
// hint: initialise
#include "../common.bpf.h"

SEC("xdp")
int unset_register(struct xdp_md *ctx) {
  __u64 value;
  asm volatile("%0 = r7" : "=r"(value));
  return value & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
