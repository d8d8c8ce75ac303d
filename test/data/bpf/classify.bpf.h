// The classifier of the benchmarks: Ethernet, two VLAN tags, IPv4, UDP, a mix of the 5-tuple.
#pragma once
#include "common.bpf.h"

struct flow {
  __be32 source, destination;
  __be16 source_port, destination_port;
};

// A verdict that ends the program, or 0 with `flow` filled in.
static __always_inline int flow_of(struct xdp_md *ctx, struct flow *flow) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of(data, end);
  if (!ip) return XDP_PASS;
  if (ip->protocol != IPPROTO_UDP || ip->ihl != 5) return XDP_PASS;
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end) return XDP_DROP;
  flow->source = ip->saddr;
  flow->destination = ip->daddr;
  flow->source_port = udp->source;
  flow->destination_port = udp->dest;
  return 0;
}

static __always_inline __u64 mix_of(const struct flow *flow) {
  __u64 mix = (__u64)flow->source << 32 | flow->destination;
  mix ^= (__u64)flow->source_port << 16 | flow->destination_port;
  mix *= 0x9e3779b97f4a7c15ULL;
  return mix ^ mix >> 29;
}
