// message: At callback return the register R0
// message: callback_range.bpf.c:
// hint: 0 to go on or 1 to stop
#include "../common.bpf.h"

static long turn(__u32 index, void *context) { return index + 5; }
SEC("xdp")
int callback_range(struct xdp_md *ctx) {
  bpf_loop(4, turn, 0, 0);
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
