// Says that a frame is redirected, and never whereto: the kernel takes it for an error.
#include "sockets.bpf.h"

SEC("xdp")
int unsaid(struct xdp_md *ctx) { return XDP_REDIRECT; }
char _license[] SEC("license") = "GPL";
