// message: Caller passes invalid args into func#1
// message: global_argument.bpf.c:
// hint: make it static
#include "../common.bpf.h"

__attribute__((noinline)) int length(void *context, __u64 *out) {
  *out = 1;
  return 2;
}
SEC("xdp")
int global_argument(struct xdp_md *ctx) {
  __u64 out = 0;
  return length(ctx, &out) + (int)out;
}
char _license[] SEC("license") = "GPL";
