// TC: __sk_buff fields, direct packet access, load and store bytes, L3 and L4 checksum updates.
#include "common.bpf.h"

SEC("tc")
int checksums(struct __sk_buff *skb) {
  __u8 head[14];
  if (bpf_skb_load_bytes(skb, 0, head, sizeof head)) return 3;
  long result = 0;
  __u64 size = head[1] & 7;
  if ((head[0] & 3) == 0) {
    result = bpf_l3_csum_replace(skb, 24, head[2], (__u64)head[3] << 8, size);
  } else if ((head[0] & 3) == 1) {
    result = bpf_l4_csum_replace(skb, 40, head[2] << 4, head[3], size | (head[4] & 0x70));
  } else if ((head[0] & 3) == 2) {
    __u32 word = head[5];
    result = bpf_skb_store_bytes(skb, 20 + head[6], &word, sizeof word, 0);
  } else {
    void *data = (void *)(long)skb->data;
    void *end = (void *)(long)skb->data_end;
    struct iphdr *ip = ipv4_of(data, end);
    result = ip ? ip->ttl : 7;
    result = result * 7 + skb->len + skb->protocol;
  }
  skb->mark = 5;
  return (int)(result < 0 ? 100 - result : (result & 0xffff) + skb->mark);
}
char _license[] SEC("license") = "GPL";
