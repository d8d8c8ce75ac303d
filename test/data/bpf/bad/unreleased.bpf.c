// message: Unreleased reference
// hint: submit
#include "../common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");
SEC("xdp")
int unreleased(struct xdp_md *ctx) {
  __u64 *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (event) *event = 1;
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
