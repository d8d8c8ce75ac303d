// adjust_head both ways: an outer IPv4 header put on or taken off, VLAN tags pushed and popped.
#include "common.bpf.h"

static __always_inline int move_ethernet(struct xdp_md *ctx, int by, __be16 type) {
  struct ethhdr copy;
  void *data = (void *)(long)ctx->data;
  if (data + sizeof copy > (void *)(long)ctx->data_end) return XDP_DROP;
  __builtin_memcpy(&copy, data, sizeof copy);
  if (bpf_xdp_adjust_head(ctx, by)) return 77;
  data = (void *)(long)ctx->data;
  if (data + sizeof copy > (void *)(long)ctx->data_end) return 78;
  if (type) copy.h_proto = type;
  __builtin_memcpy(data, &copy, sizeof copy);
  return XDP_TX;
}

SEC("xdp")
int tunnel(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_DROP;
  __u32 word = word_of(ctx);
  if (eth->h_proto == bpf_htons(ETH_P_8021Q)) {
    struct vlan_tag *tag = (void *)(eth + 1);
    if ((void *)(tag + 1) > end) return XDP_DROP;
    return move_ethernet(ctx, 4, tag->type);
  }
  if (word & 1) return move_ethernet(ctx, -4, bpf_htons(ETH_P_8021Q));
  if (word & 2) return move_ethernet(ctx, (int)sizeof(struct iphdr), 0);
  if (word & 4) return move_ethernet(ctx, -(int)(word >> 3 & 0xff), 0);
  int result = move_ethernet(ctx, -(int)sizeof(struct iphdr), bpf_htons(ETH_P_IP));
  data = (void *)(long)ctx->data;
  end = (void *)(long)ctx->data_end;
  struct iphdr *outer = data + sizeof *eth;
  if ((void *)(outer + 1) > end) return 79;
  __builtin_memset(outer, 0, sizeof *outer);
  outer->version = 4;
  outer->ihl = 5;
  outer->tot_len = bpf_htons((__u16)(end - data - sizeof *eth));
  outer->protocol = IPPROTO_IPIP;
  return result;
}
char _license[] SEC("license") = "GPL";
