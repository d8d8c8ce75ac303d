// bpf_fib_lookup on an interface that forwards nothing: what it returns and writes.
#include "common.bpf.h"

SEC("xdp")
int routes(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of(data, end);
  if (!ip) return XDP_PASS;
  struct bpf_fib_lookup fib = {};
  fib.family = ip->tos & 1 ? 10 : 2;
  fib.l4_protocol = ip->protocol;
  fib.tot_len = bpf_ntohs(ip->tot_len);
  fib.ifindex = ctx->ingress_ifindex + (ip->tos >> 1 & 1) * 4000;
  fib.ipv4_src = ip->saddr;
  fib.ipv4_dst = ip->daddr;
  long result = bpf_fib_lookup(ctx, &fib, sizeof fib, 0);
  return (int)(result < 0 ? 100 - result : 10 + result);
}
char _license[] SEC("license") = "GPL";
