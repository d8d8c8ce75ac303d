// Redirects through maps whose values may name a program (devmap, cpumap), in an object that has
// such programs; every slot is empty unless user space fills it.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __type(key, __u32);
  __type(value, struct bpf_devmap_val);
  __uint(max_entries, 8);
} ports SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
  __type(key, __u32);
  __type(value, struct bpf_devmap_val);
  __uint(max_entries, 8);
} hosts SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_CPUMAP);
  __type(key, __u32);
  __type(value, struct bpf_cpumap_val);
  __uint(max_entries, 2);
} cpus SEC(".maps");

SEC("xdp/devmap")
int leaving(struct xdp_md *ctx) { return ctx->egress_ifindex ? XDP_PASS : XDP_DROP; }

SEC("xdp/cpumap")
int arriving(struct xdp_md *ctx) { return ctx->rx_queue_index ? XDP_PASS : XDP_DROP; }

SEC("xdp")
int devices(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  __u32 slot = word >> 8 & 15;
  switch (word & 7) {
    case 0: return (int)bpf_redirect_map(&ports, slot, XDP_PASS);
    case 1: return (int)bpf_redirect_map(&hosts, slot, XDP_TX);
    case 2: return (int)bpf_redirect_map(&cpus, slot, XDP_DROP);
    case 3: return (int)bpf_redirect_map(&ports, slot, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
    case 4: return (int)bpf_redirect_map(&cpus, slot, BPF_F_BROADCAST);
    default: return bpf_map_lookup_elem(&ports, &slot) ? XDP_ABORTED : XDP_PASS;
  }
}
char _license[] SEC("license") = "GPL";
