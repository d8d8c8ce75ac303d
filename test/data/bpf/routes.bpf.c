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
  // The other interface has an index that no machine comes to.
  fib.ifindex = ctx->ingress_ifindex + (ip->tos >> 1 & 1) * 2000000000;
  fib.ipv4_src = ip->saddr;
  fib.ipv4_dst = ip->daddr;
  // IPv6 addresses of all kinds: groups, link-local ones and their neighbours, (nearly) the loopback.
  __u8 *address = (__u8 *)(ip->ttl & 1 ? fib.ipv6_src : fib.ipv6_dst);
  if (ip->tos & 4) address[0] = 0xff - (ip->ttl >> 1 & 1);
  if (ip->tos & 8) address[1] = ip->id;
  if (ip->tos & 16) {
    __builtin_memset(address, 0, 16);
    address[15] = ip->ttl >> 2 & 1;
    address[7] = ip->ttl >> 3 & 1;
  }
  long result = bpf_fib_lookup(ctx, &fib, sizeof fib, 0);
  return (int)(result < 0 ? 100 - result : 10 + result);
}
char _license[] SEC("license") = "GPL";
