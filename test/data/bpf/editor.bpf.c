// TC: __sk_buff's fields, skb_load_bytes, skb_store_bytes, checksums replaced, bpf_redirect.
#include "common.bpf.h"

SEC("tc")
int editor(struct __sk_buff *skb) {
  __u8 head[34];
  if (bpf_skb_load_bytes(skb, 0, head, sizeof head)) return 2;
  __u32 word = head[26] | head[27] << 8 | head[29] << 16 | head[33] << 24;
  __be32 fresh = bpf_htonl(word);
  long result = 0;
  switch (word & 7) {
    case 0: result = bpf_skb_store_bytes(skb, 30, &fresh, sizeof fresh, 0); break;
    case 1: result = bpf_l3_csum_replace(skb, 24, head[30], word >> 8 & 0xff, 2); break;
    case 2: result = bpf_l4_csum_replace(skb, 40, word, fresh, 4); break;
    case 3: return (int)bpf_redirect(word >> 3 & 3, word >> 5 & 1);
    case 4: skb->mark = word; skb->priority = word >> 4; skb->tc_index = 3; break;
    case 5: result = skb->len + skb->protocol + skb->pkt_type + skb->vlan_present; break;
    case 6: skb->cb[0] = word; skb->cb[4] = fresh; result = (skb->cb[0] ^ skb->cb[1]) & 0xff; break;
    default: result = skb->ifindex * 10 + skb->ingress_ifindex + skb->queue_mapping;
  }
  return (int)(result < 0 ? 100 - result : (result & 0xffff) + (skb->mark & 7));
}
char _license[] SEC("license") = "GPL";
