// One XDP program among others that are none of a classifier's business: tracing, a kernel function,
// maps whose size is left to the loader or whose type no VM has. They must not be in its way.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
} sized_later SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 1);
} groups SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 4);
} counts SEC(".maps");

extern void bpf_rcu_read_lock(void) __ksym;

SEC("tracepoint/xdp/xdp_redirect")
int traced(void *ctx) {
  __u32 zero = 0;
  __u64 *count = bpf_map_lookup_elem(&sized_later, &zero);
  if (count) *count += 1;
  return 0;
}

SEC("?xdp")
int elsewhere(struct xdp_md *ctx) {
  bpf_rcu_read_lock();
  return XDP_PASS;
}

SEC("?tc")
int grouped(struct __sk_buff *skb) {
  return bpf_skb_under_cgroup(skb, &groups, 0) ? 2 : 0;
}

SEC("xdp/ingress")
int mixed(struct xdp_md *ctx) {
  __u32 slot = word_of(ctx) & 3;
  __u64 *count = bpf_map_lookup_elem(&counts, &slot);
  if (!count) return XDP_ABORTED;
  *count += 1;
  return slot == 1 ? XDP_DROP : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
