// TC: VLAN tags pushed and popped, a few times a frame, of any protocol, now and then of a frame that
// ends early; then a congestion mark where tags have left the network header.
#include "chance.bpf.h"

SEC("tc")
int tags(struct __sk_buff *skb) {
  __u32 seed = seed_of(skb), sum = 0;
  if ((draw(&seed) & 15) == 0) note(&sum, bpf_skb_change_tail(skb, 14 + (seed >> 8 & 7), 0));
  for (int i = 0; i < 5; i++) {
    __u32 what = draw(&seed);
    if (what & 0x10000) {
      __be16 protocol = what & 0x20000 ? bpf_htons(ETH_P_8021Q) : what & 0x40000 ? bpf_htons(ETH_P_8021AD) : what >> 3;
      note(&sum, bpf_skb_vlan_push(skb, protocol, what & 0x80000 ? 0 : what));
    } else {
      note(&sum, bpf_skb_vlan_pop(skb));
    }
    note_skb(&sum, skb);
    __u8 *data = (void *)(long)skb->data;
    if ((void *)(data + 18) <= (void *)(long)skb->data_end) note(&sum, data[13] ^ data[17] << 8);
  }
  note(&sum, bpf_skb_ecn_set_ce(skb));
  return (int)(sum & 0xffff);
}
char _license[] SEC("license") = "GPL";
