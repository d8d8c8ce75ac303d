// message: R0 !read_ok
// hint: return
#include "../common.bpf.h"

SEC("xdp")
__attribute__((naked)) int no_return_value(struct xdp_md *ctx) {
  asm volatile("exit");
}
char _license[] SEC("license") = "GPL";
