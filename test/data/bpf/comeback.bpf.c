// A stage that is tail-called from a function of the entry comes back to it: the frame's verdict is what the
// entry makes of the stage's. Nothing here counts by itself.
#include "sockets.bpf.h"

SEC("xdp")
int half(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 60 > end) return XDP_ABORTED;
  return ((__u8 *)data)[53] & 1 ? XDP_DROP : XDP_PASS;  // the price's last byte
}

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 2);
  __uint(key_size, sizeof(__u32));
  __array(values, int(void *));
} next SEC(".maps") = {.values = {(void *)&half}};

static __attribute__((noinline)) int ask(struct xdp_md *ctx, __u32 slot) {
  volatile int verdict = XDP_ABORTED;
  bpf_tail_call(ctx, &next, slot);
  return verdict;
}

SEC("xdp")
int comeback(struct xdp_md *ctx) {
  if (ask(ctx, 1) != XDP_ABORTED) return XDP_ABORTED;  // an empty slot
  if (ask(ctx, 0) == XDP_DROP) return XDP_DROP;
  return (int)bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_ABORTED);
}

// Redirected, but not to a socket: to an interface that is none, or without having said whereto.
SEC("xdp")
int nowhere(struct xdp_md *ctx) { return (int)bpf_redirect(0x7fffff, 0); }
// The one or the other, by the destination port's last bit.
SEC("xdp")
int either(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 60 > end) return XDP_ABORTED;
  if (((__u8 *)data)[37] & 1) return (int)bpf_redirect(0x7fffff, 0);
  return (int)bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_ABORTED);
}
char _license[] SEC("license") = "GPL";
