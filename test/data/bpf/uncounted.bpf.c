// A classifier in the style of the AF_XDP examples: it counts nothing. Group 239.1.1.1, port 8080 goes
// to the sockets, other ports of the group to the kernel, everything else nowhere. The slot of its
// stage is not the first one; slot 0 would drop what comes there.
#include "sockets.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 64);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} next SEC(".maps");

SEC("xdp")
int deliver(struct xdp_md *ctx) {
  return (int)bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_ABORTED);
}

SEC("xdp")
int lose(struct xdp_md *ctx) {
  return XDP_DROP;
}

SEC("xdp")
int uncounted(struct xdp_md *ctx) {
  void *end = (void *)(long)ctx->data_end;
  struct iphdr *ip = ipv4_of((void *)(long)ctx->data, end);
  if (!ip || ip->daddr != bpf_htonl(0xef010101)) return XDP_DROP;
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end) return XDP_DROP;
  if (udp->dest != bpf_htons(8080)) return XDP_PASS;
  bpf_tail_call(ctx, &next, 40);
  bpf_tail_call(ctx, &next, 0);
  return (int)bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_ABORTED);
}
char _license[] SEC("license") = "GPL";
