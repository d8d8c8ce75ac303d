// Programs that no verifier lets through: the VM has to stop them, with the line.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 4);
} values SEC(".maps");
const volatile __u32 fixed = 3;

SEC("xdp")
int beyond_packet(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  return data[4096];
}
SEC("xdp")
int beyond_value(struct xdp_md *ctx) {
  __u32 key = 1;
  __u32 *value = bpf_map_lookup_elem(&values, &key);
  if (!value) return XDP_ABORTED;
  value[1] = 5;
  return XDP_PASS;
}
SEC("xdp")
int constant(struct xdp_md *ctx) {
  *(volatile __u32 *)&fixed = ctx->data_end;
  return XDP_PASS;
}
SEC("xdp")
int endless(struct xdp_md *ctx) {
  volatile __u32 turns = 1;
  while (turns) turns |= 1;
  return XDP_PASS;
}
SEC("xdp")
int null_map(struct xdp_md *ctx) {
  __u32 key = 99;
  __u32 *value = bpf_map_lookup_elem(&values, &key);
  return *value;
}
SEC("xdp")
int harmless(struct xdp_md *ctx) { return XDP_PASS; }
char _license[] SEC("license") = "GPL";
