// message: invalid access to packet
// message: unchecked_packet.bpf.c:9: return data[4096];
// hint: compare
#include "../common.bpf.h"

SEC("xdp")
int unchecked_packet(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  return data[4096];
}
char _license[] SEC("license") = "GPL";
