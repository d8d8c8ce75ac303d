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
