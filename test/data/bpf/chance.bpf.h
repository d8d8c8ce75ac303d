// For programs that do by the frame's bytes what chance would do: an own stream of numbers a frame.
#pragma once
#include "common.bpf.h"

#define TAKEN 48

// A hash of the frame's first bytes, to begin with.
static __always_inline __u32 seed_of(struct __sk_buff *skb) {
  __u8 head[TAKEN] = {};
  if (bpf_skb_load_bytes(skb, 14, head, TAKEN)) bpf_skb_load_bytes(skb, 0, head, 14);
  __u32 seed = skb->len;
#pragma unroll
  for (int i = 0; i < TAKEN; i++) seed = (seed ^ head[i]) * 16777619;
  return seed | 1;
}

// xorshift32
static __always_inline __u32 draw(__u32 *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

// What has come out so far, with one result more.
static __always_inline void note(__u32 *sum, __u64 result) {
  *sum = (*sum ^ (__u32)result ^ (__u32)(result >> 32)) * 16777619 + 1;
}

// All that a program can see of a socket buffer without its bytes.
static __always_inline void note_skb(__u32 *sum, struct __sk_buff *skb) {
  note(sum, skb->len);
  note(sum, skb->protocol);
  note(sum, skb->pkt_type);
  note(sum, skb->vlan_present);
  note(sum, skb->vlan_tci);
  note(sum, skb->vlan_proto);
  note(sum, skb->hash);
  note(sum, skb->data_end - skb->data);
}
