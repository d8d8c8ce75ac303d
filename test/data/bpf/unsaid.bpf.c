// Says that a frame is redirected, and never whereto: the kernel takes it for an error.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 64);
} sockets SEC(".maps");

SEC("xdp")
int unsaid(struct xdp_md *ctx) { return XDP_REDIRECT; }
char _license[] SEC("license") = "GPL";
