// message: GPL
// message: restricted.bpf.c:10
// hint: SEC("license")
#include "../common.bpf.h"

SEC("xdp")
int restricted(struct xdp_md *ctx) {
  static const char text[] = "frame";
  __u64 now = bpf_ktime_get_ns();
  bpf_trace_printk(text, sizeof text);
  return now & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "Proprietary";
