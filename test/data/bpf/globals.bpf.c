// Global variables of all three kinds.
#include "common.bpf.h"

typedef __be32 address;
const volatile __u32 every = 3;
__u64 step = 1;
address hop = bpf_htonl(0x01020304);
__u64 seen = 0;
__u32 thirds = 0;

SEC("xdp")
int globals(struct xdp_md *ctx) {
  static __u32 turns;
  seen += step;
  if (++turns % every == 0) thirds++;
  return hop ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
