// The clocks: time stamps in a hash, beside counts that do not depend on them.
#include "common.bpf.h"

struct seen {
  __u64 first, last, frames;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, struct seen);
  __uint(max_entries, 64);
} flows SEC(".maps");

SEC("xdp")
int clocks(struct xdp_md *ctx) {
  __u32 key = word_of(ctx) & 31;
  __u64 now = key & 1 ? bpf_ktime_get_ns() : key & 2 ? bpf_ktime_get_boot_ns() : bpf_ktime_get_coarse_ns();
  if ((key & 7) == 0) now = bpf_jiffies64();
  struct seen *seen = bpf_map_lookup_elem(&flows, &key);
  if (!seen) {
    struct seen fresh = {now, now, 1};
    bpf_map_update_elem(&flows, &key, &fresh, BPF_ANY);
    return XDP_PASS;
  }
  seen->last = now;
  seen->frames++;
  return seen->frames & 1 ? XDP_TX : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
