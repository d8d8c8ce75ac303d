// message: function calls are not allowed while holding a lock
// message: held_lock.bpf.c:
// hint: before bpf_spin_lock()
#include "../common.bpf.h"

struct value {
  struct bpf_spin_lock lock;
  __u64 count;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct value);
  __uint(max_entries, 1);
} values SEC(".maps");
SEC("xdp")
int held_lock(struct xdp_md *ctx) {
  __u32 key = 0;
  struct value *value = bpf_map_lookup_elem(&values, &key);
  if (!value) return XDP_PASS;
  bpf_spin_lock(&value->lock);
  value->count = bpf_ktime_get_ns();
  bpf_spin_unlock(&value->lock);
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
