// message: bpf_skb_load_bytes#26
// message: wrong_helper.bpf.c:9
// hint: helper
#include "../common.bpf.h"

SEC("xdp")
int wrong_helper(struct xdp_md *ctx) {
  __u8 head[14];
  bpf_skb_load_bytes(ctx, 0, head, sizeof head);
  return head[0] ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
