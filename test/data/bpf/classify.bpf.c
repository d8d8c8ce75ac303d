// Ethernet, two VLAN tags, IPv4, UDP, a mix of the 5-tuple: no map.
#include "common.bpf.h"

SEC("xdp")
int classify(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of(data, end);
  if (!ip) return XDP_PASS;
  if (ip->protocol != IPPROTO_UDP || ip->ihl != 5) return XDP_PASS;
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end) return XDP_DROP;
  __u64 mix = (__u64)ip->saddr << 32 | ip->daddr;
  mix ^= (__u64)udp->source << 16 | udp->dest;
  mix *= 0x9e3779b97f4a7c15ULL;
  mix ^= mix >> 29;
  return mix & 1 ? XDP_DROP : XDP_TX;
}
char _license[] SEC("license") = "GPL";
