// A socket filter's bytes by header: the link header, which the frame no longer has, as well.
#include "chance.bpf.h"

SEC("socket")
int relative(struct __sk_buff *skb) {
  __u8 bytes[8] = {};
  __u32 sum = 0;
  bpf_skb_load_bytes(skb, 0, bytes, sizeof bytes);
  __u32 what = *(__u32 *)bytes ^ *(__u32 *)(bytes + 4);
  what = (what ^ skb->len) * 16777619;
  for (int i = 0; i < 3; i++) {
    note(&sum, bpf_skb_load_bytes_relative(skb, what >> 8 & 63, bytes, 1 + (what >> 16 & 7), what >> 24 & 1));
    for (int b = 0; b < 8; b++) note(&sum, bytes[b]);
    draw(&what);
  }
  return (int)(sum & 0xffff);
}
char _license[] SEC("license") = "GPL";
