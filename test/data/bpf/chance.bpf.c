// bpf_get_prandom_u32: nothing can be compared with the kernel, but it must run.
#include "common.bpf.h"

SEC("xdp")
int chance(struct xdp_md *ctx) { return bpf_get_prandom_u32() & 1 ? XDP_DROP : XDP_PASS; }
char _license[] SEC("license") = "GPL";
