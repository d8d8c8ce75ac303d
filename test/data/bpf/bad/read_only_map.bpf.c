// message: write into map forbidden
// message: read_only_map.bpf.c:9
// hint: .rodata
#include "../common.bpf.h"

const volatile __u32 fixed = 3;
SEC("xdp")
int read_only_map(struct xdp_md *ctx) {
  *(volatile __u32 *)&fixed = 5;
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
