// TC: what can be changed of a socket buffer without its bounds; bytes by header; clones.
#include "chance.bpf.h"

SEC("tc")
int marks(struct __sk_buff *skb) {
  __u32 seed = seed_of(skb), sum = 0;
  for (int i = 0; i < 3; i++) {
    __u32 what = draw(&seed);
    __u8 bytes[24] = {};
    switch (what >> 28) {
      case 0: case 1: note(&sum, bpf_skb_change_type(skb, (what & 15) == 0 ? what >> 4 : what & 7)); break;
      case 2: case 3: note(&sum, bpf_skb_ecn_set_ce(skb)); break;
      case 4: note(&sum, bpf_set_hash(skb, what)); break;
      case 5: bpf_set_hash_invalid(skb); break;
      case 6: note(&sum, bpf_clone_redirect(skb, what & 7 ? 1 : what >> 3 & 1 ? 0 : 0x7ffffff0, what >> 4 & 15 ? what >> 8 & 1 : what >> 8 & 7)); break;
      case 8: note(&sum, bpf_skb_store_bytes(skb, what & 63, bytes, 2, what >> 6 & 7)); break;
      case 9: {  // a congestion mark that is possible
        __u8 field = (what & 15) | 0x40;
        note(&sum, bpf_skb_store_bytes(skb, 15, &field, 1, 0));
        note(&sum, bpf_skb_ecn_set_ce(skb));
        break;
      }
      default: {
        __u32 offset = what & 0x80 ? what & 31 : what & 0x100 ? what & 127 : what >> 4;
        note(&sum, bpf_skb_load_bytes_relative(skb, offset, bytes, 1 + (what >> 9 & 15), (what >> 16 & 7) == 0 ? what >> 19 & 3 : what >> 19 & 1));
        for (int b = 0; b < 24; b++) note(&sum, bytes[b]);
      }
    }
    note_skb(&sum, skb);
  }
  return (int)(sum & 0xffff);
}
char _license[] SEC("license") = "GPL";
