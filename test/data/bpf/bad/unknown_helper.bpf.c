// message: 9999
// hint: kernel
#include "../common.bpf.h"

static long (*no_such_helper)(void *) = (void *)9999;

SEC("xdp")
int unknown_helper(struct xdp_md *ctx) { return no_such_helper(ctx) ? XDP_PASS : XDP_DROP; }
char _license[] SEC("license") = "GPL";
