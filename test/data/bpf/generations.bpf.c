// A classifier of one slot, filled by the object and by whoever loads it; a stage that the verifier
// refuses; and a TC program.
#include "common.bpf.h"

int drops(struct xdp_md *ctx);

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 33);
  __uint(key_size, sizeof(__u32));
  __array(values, int(struct xdp_md *));
} slots SEC(".maps") = {.values = {[0] = (void *)&drops}};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 1);
} frames SEC(".maps");

SEC("xdp")
int entry(struct xdp_md *ctx) {
  __u32 zero = 0;
  __u64 *count = bpf_map_lookup_elem(&frames, &zero);
  if (count) __sync_fetch_and_add(count, 1);
  bpf_tail_call(ctx, &slots, 0);
  return XDP_PASS;
}
SEC("xdp")
int drops(struct xdp_md *ctx) { return XDP_DROP; }
SEC("xdp")
int sends(struct xdp_md *ctx) { return XDP_TX; }
SEC("xdp")
int refused(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  return data[4];
}
SEC("tc")
int tc_entry(struct __sk_buff *skb) { return skb->len > 60 ? 0 : 2; }
char _license[] SEC("license") = "GPL";
