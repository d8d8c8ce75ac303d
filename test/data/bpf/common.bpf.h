// What the test programs share: headers and a parser that the verifier accepts.
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct vlan_tag {
  __be16 tci;
  __be16 type;
};

// The IPv4 header behind Ethernet and up to two VLAN tags, or NULL.
static __always_inline struct iphdr *ipv4_of(void *data, void *end) {
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return 0;
  __be16 type = eth->h_proto;
  struct vlan_tag *tag = (void *)(eth + 1);
#pragma unroll
  for (int i = 0; i < 2; i++) {
    if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD)) break;
    if ((void *)(tag + 1) > end) return 0;
    type = tag->type;
    tag++;
  }
  if (type != bpf_htons(ETH_P_IP)) return 0;
  struct iphdr *ip = (void *)tag;
  if ((void *)(ip + 1) > end) return 0;
  return ip;
}

// Bytes of the frame that say what a test program does with it; 0 when they are not there.
struct choices {
  __u8 a, b, c, d, e, f;     // the destination address
  __u8 g, h, i, j, k, l;     // the source address
};
static __always_inline struct choices *choices_of(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  return data + sizeof(struct ethhdr) > (void *)(long)ctx->data_end ? 0 : data;
}

// Something of the frame that differs from one to the next.
static __always_inline __u32 word_of(struct xdp_md *ctx) {
  __u32 word = 0;
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  if (data + 42 <= end) word = *(__u32 *)(data + 22) ^ *(__u32 *)(data + 26) * 7 ^ *(__u32 *)(data + 38) << 3;
  return word ^ (__u32)(end - data);
}
