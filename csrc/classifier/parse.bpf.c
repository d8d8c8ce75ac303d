// Stage `parse`: Ethernet, up to two VLAN tags, IPv4 or IPv6 with up to four extension headers, and
// the ports of UDP and TCP, left in struct ringbed_frame for the stages behind it. What is no IP
// goes to the kernel; what says that it is and is broken is dropped. RFC 791, RFC 8200, 802.1Q.
#include "stage.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

struct ringbed_vlan {
  __be16 tci;
  __be16 type;
};

enum { RINGBED_EXTENSIONS = 4, RINGBED_FRAGMENT_OFFSET = 0x1fff, RINGBED_OFFSET_LIMIT = 0x3ff };

// Where the network header begins and what it is; 0: cut off.
static __always_inline int parse_link(void* data, void* end, struct ringbed_frame* frame) {
  struct ethhdr* ethernet = data;
  if ((void*)(ethernet + 1) > end) return 0;
  __be16 type = ethernet->h_proto;
  struct ringbed_vlan* tag = (void*)(ethernet + 1);
#pragma unroll
  for (int i = 0; i < 2; i++) {
    if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD)) break;
    if ((void*)(tag + 1) > end) return 0;
    type = tag->type;
    tag++;
  }
  frame->ethertype = bpf_ntohs(type);
  frame->l3_offset = (void*)tag - data;
  return 1;
}

// The transport's offset from the first byte; 0: broken.
static __always_inline __u32 parse_ipv4(void* data, void* end, struct ringbed_frame* frame) {
  __u32 at = frame->l3_offset & RINGBED_OFFSET_LIMIT;
  struct iphdr* ip = data + at;
  if ((void*)(ip + 1) > end) return 0;
  if (ip->version != 4 || ip->ihl < 5) return 0;
  frame->protocol = ip->protocol;
  frame->fragment = (ip->frag_off & bpf_htons(RINGBED_FRAGMENT_OFFSET)) != 0;
  __builtin_memcpy(frame->source, &ip->saddr, 4);
  __builtin_memcpy(frame->destination, &ip->daddr, 4);
  return at + ip->ihl * 4;
}

static __always_inline __u32 parse_ipv6(void* data, void* end, struct ringbed_frame* frame) {
  __u32 at = frame->l3_offset & RINGBED_OFFSET_LIMIT;
  struct ipv6hdr* ip = data + at;
  if ((void*)(ip + 1) > end) return 0;
  if (ip->version != 6) return 0;
  __builtin_memcpy(frame->source, &ip->saddr, 16);
  __builtin_memcpy(frame->destination, &ip->daddr, 16);
  __u8 next = ip->nexthdr;
  at += sizeof *ip;
#pragma unroll
  for (int i = 0; i < RINGBED_EXTENSIONS; i++) {
    if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
        next != IPPROTO_FRAGMENT)
      break;
    at &= RINGBED_OFFSET_LIMIT;
    __u8* extension = data + at;
    if ((void*)(extension + 8) > end) return 0;
    if (next == IPPROTO_FRAGMENT) {
      frame->fragment |= ((extension[2] << 8 | extension[3]) & 0xfff8) != 0;
      at += 8;
    } else {
      at += (extension[1] + 1) * 8;
    }
    next = extension[0];
  }
  frame->protocol = next;
  return at;
}

// 0: cut off. A protocol without ports has none.
static __always_inline int parse_transport(void* data, void* end, struct ringbed_frame* frame) {
  if (frame->fragment) return 1;
  __u32 at = frame->l4_offset & RINGBED_OFFSET_LIMIT;
  if (frame->protocol == IPPROTO_UDP) {
    struct udphdr* udp = data + at;
    if ((void*)(udp + 1) > end) return 0;
    frame->source_port = bpf_ntohs(udp->source);
    frame->destination_port = bpf_ntohs(udp->dest);
    frame->payload_offset = at + sizeof *udp;
  } else if (frame->protocol == IPPROTO_TCP) {
    struct tcphdr* tcp = data + at;
    if ((void*)(tcp + 1) > end) return 0;
    if (tcp->doff < 5) return 0;
    frame->source_port = bpf_ntohs(tcp->source);
    frame->destination_port = bpf_ntohs(tcp->dest);
    frame->tcp_flags = ((__u8*)tcp)[13];
    frame->payload_offset = at + tcp->doff * 4;
  }
  return 1;
}

SEC("xdp")
int parse(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  if (!frame) return XDP_ABORTED;
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  if (!parse_link(data, end, frame)) return ringbed_verdict(frame, XDP_DROP);
  if (frame->ethertype == ETH_P_IP) {
    frame->l4_offset = parse_ipv4(data, end, frame);
  } else if (frame->ethertype == ETH_P_IPV6) {
    frame->l4_offset = parse_ipv6(data, end, frame);
  } else {
    return ringbed_verdict(frame, XDP_PASS);
  }
  if (!frame->l4_offset || !parse_transport(data, end, frame))
    return ringbed_verdict(frame, XDP_DROP);
  return ringbed_next(ctx, frame);
}
