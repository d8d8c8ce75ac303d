// message: BPF program is too large
// hint: 1,000,000
#include "../common.bpf.h"

SEC("xdp")
int too_many_instructions(struct xdp_md *ctx) {
  __u64 sum = 0;
  for (__u32 i = 0; i < 2000000; i++) {
    asm volatile("%0 ^= %1" : "+r"(sum) : "r"(i));
  }
  return sum & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
