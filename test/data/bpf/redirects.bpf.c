// bpf_redirect and bpf_redirect_map over devmap, devmap_hash, cpumap and xskmap, empty ones.
#include "common.bpf.h"

#define REDIRECT_MAP(name, kind)          \
  struct {                                \
    __uint(type, BPF_MAP_TYPE_##kind);    \
    __uint(key_size, 4);                  \
    __uint(value_size, 4);                \
    __uint(max_entries, 4);               \
  } name SEC(".maps")
REDIRECT_MAP(devices, DEVMAP);
REDIRECT_MAP(by_hash, DEVMAP_HASH);
REDIRECT_MAP(processors, CPUMAP);
REDIRECT_MAP(sockets, XSKMAP);

SEC("xdp")
int redirects(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  __u32 key = eth->h_dest[0] & 7;
  __u64 flags = eth->h_dest[1] & 39;
  switch (eth->h_dest[2] & 7) {
    case 0: return bpf_redirect_map(&devices, key, flags & ~8);
    case 1: return bpf_redirect_map(&by_hash, key, flags & ~8);
    case 2: return bpf_redirect_map(&processors, key, flags);
    case 3: return bpf_redirect_map(&sockets, key, flags);
    case 4: return bpf_redirect(key, flags | 1);
    case 5: return ctx->ingress_ifindex * 10 + ctx->rx_queue_index;
    default: return ctx->data_end - ctx->data;
  }
}
char _license[] SEC("license") = "GPL";
