// An XDP program beside a struct_ops map, on which libbpf crashes when its programs are not loaded.
#include "common.bpf.h"

struct tcp_congestion_ops {
  void (*cong_avoid)(void *sk, unsigned int ack, unsigned int acked);
  char name[16];
};

SEC("struct_ops/avoid")
void avoid(void *ctx) {}

SEC(".struct_ops")
struct tcp_congestion_ops ops = {.cong_avoid = (void *)avoid, .name = "ringbed_test"};

SEC("xdp")
int beside(struct xdp_md *ctx) { return word_of(ctx) & 1 ? XDP_DROP : XDP_PASS; }
char _license[] SEC("license") = "GPL";
