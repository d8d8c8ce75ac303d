// message: Invalid format string
// message: format.bpf.c:
// hint: %f
#include "../common.bpf.h"

SEC("xdp")
int format(struct xdp_md *ctx) {
  static const char text[] = "%f";
  char out[8];
  __u64 number = 1;
  bpf_snprintf(out, sizeof out, text, &number, sizeof number);
  return out[0] ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
