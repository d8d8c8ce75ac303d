// TC: the flow's hash, which is the kernel's own; there is one, and it stays.
#include "chance.bpf.h"

SEC("tc")
int flow_hash(struct __sk_buff *skb) {
  __u32 hash = bpf_get_hash_recalc(skb);
  if (hash == 0) return 1;
  if (skb->hash != hash || bpf_get_hash_recalc(skb) != hash) return 2;
  bpf_set_hash(skb, skb->len);
  if (bpf_get_hash_recalc(skb) != skb->len) return 5;
  bpf_set_hash_invalid(skb);
  if (skb->hash != 0) return 3;
  return bpf_get_hash_recalc(skb) == hash ? 6 + (hash & 1) : 4;
}
char _license[] SEC("license") = "GPL";
