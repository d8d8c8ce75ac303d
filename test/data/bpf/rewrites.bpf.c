// Classifiers that edit frames on their way to the ring: the address a device listens to (NAT), a byte of
// the message, a whole frame. Checksums stay right, so that the device takes them.
#include "sockets.bpf.h"

#define DELIVER bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_ABORTED)

// RFC 1624, equation 3.
static __always_inline void replace(__sum16 *sum, __be16 *word, __be16 with) {
  __u32 total = (__u16)~*sum + (__u16)~*word + with;
  total = (total & 0xffff) + (total >> 16);
  total = (total & 0xffff) + (total >> 16);
  *sum = (__u16)~total;
  *word = with;
}

// Port 9000 is the device's 8080, and every router on the way takes one off the TTL. Odd prices go nowhere.
SEC("xdp")
int translate(struct xdp_md *ctx) {
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of((void *)(long)ctx->data, end);
  if (!ip) return XDP_DROP;
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) + 12 > end) return XDP_DROP;
  if (*(__u8 *)((void *)(udp + 1) + 11) & 1) return XDP_DROP;
  __be16 *life = (__be16 *)&ip->ttl;
  replace(&ip->check, life, *life - 1);
  if (udp->dest == bpf_htons(9000)) {
    if (udp->check) replace(&udp->check, &udp->dest, bpf_htons(8080));
    udp->dest = bpf_htons(8080);
  }
  return (int)DELIVER;
}

// Every fourth price gets another symbol.
SEC("xdp")
int stamp(struct xdp_md *ctx) {
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of((void *)(long)ctx->data, end);
  if (!ip) return XDP_DROP;
  struct udphdr *udp = (void *)(ip + 1);
  __be16 *message = (void *)(udp + 1);
  if ((void *)(message + 6) > end) return XDP_DROP;
  if (*((__u8 *)message + 11) % 4) return (int)DELIVER;
  if (udp->check) replace(&udp->check, message, bpf_htons(0x7777));
  *message = bpf_htons(0x7777);
  return (int)DELIVER;
}

// Another address for the next hop: not the device's.
SEC("xdp")
int readdress(struct xdp_md *ctx) {
  struct ethhdr *eth = (void *)(long)ctx->data;
  if ((void *)(eth + 1) > (void *)(long)ctx->data_end) return XDP_DROP;
  eth->h_dest[0] = 2;
  eth->h_dest[5] ^= 0x55;
  return (int)DELIVER;
}

// Nothing is left of the frame but its length.
SEC("xdp")
int overwrite(struct xdp_md *ctx) {
  __u8 *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (at + 60 > end) return XDP_DROP;
#pragma unroll
  for (int i = 0; i < 60; i++) at[i] = (__u8)i * 7;
  return (int)DELIVER;
}
char _license[] SEC("license") = "GPL";
