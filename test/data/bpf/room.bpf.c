// TC: frames made longer and shorter at every place, with lengths, modes and flags that are mostly
// allowed and sometimes not; what comes out is told by the headers' places as well.
#include "chance.bpf.h"

#define NET 0
#define MAC 1

static __always_inline __u64 flags_of(__u32 what) {
  switch (what & 15) {
    case 0: return 1;                                  // FIXED_GSO
    case 1: return 1 << 1;                             // ENCAP_L3_IPV4
    case 2: return 1 << 2;                             // ENCAP_L3_IPV6
    case 3: return 1 << 1 | 1 << 3;                    // … with GRE
    case 4: return 1 << 2 | 1 << 4;                    // … with UDP
    case 5: return 1 << 1 | (__u64)(what >> 4 & 31) << 56;
    case 6: return 1 << 1 | 1 << 6 | (__u64)(what >> 4 & 31) << 56;
    case 7: return 1 << 7;                             // DECAP_L3_IPV4
    case 8: return 1 << 8;                             // DECAP_L3_IPV6
    case 9: return 1 << 5;                             // NO_CSUM_RESET
    case 10: return what >> 4 & 0x1ff;
    case 11: return (what >> 4 & 15) == 0 ? 1ull << (what >> 8 & 63) : 0;
    default: return 0;
  }
}

// Where the frame ends within its headers the kernel makes room beyond it, of what lies there.
static __always_inline int ends_early(struct __sk_buff *skb, __u32 bytes) {
  __u8 header[40];
  return bpf_skb_load_bytes_relative(skb, 0, header, bytes, BPF_HDR_START_NET) != 0;
}

static __always_inline long change(struct __sk_buff *skb, __u32 what, __u32 more) {
  __u64 wrong = (more & 31) == 0 ? more >> 5 & 3 : 0;
  switch (what & 7) {
    case 0: {
      __u32 length = what & 8 ? what >> 4 & 0xff : skb->len + (what >> 4 & 0x3f) - 16;
      if ((more & 0x700) == 0) length = what >> 4 & 0x7fff;
      return bpf_skb_change_tail(skb, length, wrong);
    }
    case 1: {
      __u32 bytes = what & 8 ? what >> 4 & 0x3f : what >> 4 & 0xff;
      if ((more & 0x700) == 0) bytes = what << 1;
      if ((more & 0x700) == 0x100) bytes = what >> 4 & 0x1fff;
      return bpf_skb_change_head(skb, bytes, wrong);
    }
    case 2: {
      if (skb->protocol == bpf_htons(ETH_P_IP) && ends_early(skb, 1)) return 1;
      __be16 to = what & 8 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
      if ((more & 0x700) == 0) to = what >> 4;
      return bpf_skb_change_proto(skb, to, wrong);
    }
    case 3:
      return what & 8 ? bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), what >> 4) : bpf_skb_vlan_pop(skb);
    default: {
      __s32 difference = (__s32)(what >> 4 & 0x7f) - (what & 8 ? 0x60 : 0x20);
      if ((more & 0x700) == 0) difference = (__s32)what >> 18;
      if (difference >= 0 && ends_early(skb, 40)) return 1;
      __u32 mode = (more & 0x7800) == 0 ? more >> 15 & 7 : more >> 15 & 1;
      return bpf_skb_adjust_room(skb, difference, mode, flags_of(more >> 18));
    }
  }
}

SEC("tc")
int room(struct __sk_buff *skb) {
  __u32 seed = seed_of(skb), sum = 0;
  bpf_set_hash(skb, seed);
  for (int i = 0; i < 4; i++) {
    __u32 what = draw(&seed), more = draw(&seed);
    note(&sum, change(skb, what, more));
    note_skb(&sum, skb);
    __u8 bytes[4];
    note(&sum, bpf_skb_load_bytes_relative(skb, 0, bytes, sizeof bytes, BPF_HDR_START_NET));
    note(&sum, *(__u32 *)bytes);
    note(&sum, bpf_skb_load_bytes_relative(skb, what & 15, bytes, sizeof bytes, BPF_HDR_START_MAC));
    note(&sum, *(__u32 *)bytes);
    __u8 *data = (void *)(long)skb->data;
    if ((void *)(data + 34) <= (void *)(long)skb->data_end) {
      note(&sum, data[14] ^ data[33] << 8);
      data[33] = (__u8)(data[33] + i);
    }
  }
  note(&sum, bpf_skb_ecn_set_ce(skb));
  return (int)(sum & 0xffff);
}
char _license[] SEC("license") = "GPL";
