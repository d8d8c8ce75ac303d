// Rewrites addresses and ports and mends the checksums: csum_diff, incremental updates, byte swaps.
#include "common.bpf.h"

static __always_inline __u16 fold(__u64 sum) {
#pragma unroll
  for (int i = 0; i < 4; i++) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

SEC("xdp")
int nat(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of(data, end);
  if (!ip || ip->ihl != 5 || ip->protocol != IPPROTO_UDP) return XDP_PASS;
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end) return XDP_DROP;
  __be32 before[2] = {ip->saddr, ip->daddr};
  __be32 after[2] = {ip->daddr, bpf_htonl(bpf_ntohl(ip->saddr) + 1)};
  long diff = bpf_csum_diff(before, sizeof before, after, sizeof after, ~(__u32)ip->check & 0xffff);
  if (diff < 0) return XDP_ABORTED;
  ip->saddr = after[0];
  ip->daddr = after[1];
  ip->check = fold(diff);
  ip->check = fold((~(__u32)ip->check & 0xffff) + 0xfeff);
  ip->ttl--;
  __be16 port = udp->source;
  udp->source = udp->dest;
  udp->dest = bpf_htons(bpf_ntohs(port) ^ 0x1234);
  if (udp->check) udp->check = fold(bpf_csum_diff(before, 4, after, 8, ~(__u32)udp->check & 0xffff));
  return XDP_TX;
}
char _license[] SEC("license") = "GPL";
