// message: combined stack size
// hint: 512 bytes
#include "../common.bpf.h"

static __attribute__((noinline)) int inner(struct xdp_md *ctx, int x) {
  volatile char room[300];
  room[x & 255] = 1;
  return room[ctx->rx_queue_index & 127];
}
SEC("xdp")
int deep_stack(struct xdp_md *ctx) {
  volatile char room[300];
  room[ctx->rx_queue_index & 255] = 1;
  return inner(ctx, room[3]) + room[4];
}
char _license[] SEC("license") = "GPL";
