// percpu_array, percpu_hash, lookups of another CPU's value, the CPU's number.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 16);
} counts SEC(".maps");
struct value {
  __u32 first, second, third;  // 12 bytes: rounded up to 16 for user space
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __type(key, __u32);
  __type(value, struct value);
  __uint(max_entries, 32);
} flows SEC(".maps");

SEC("xdp")
int percpu(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), slot = word & 15, key = (word >> 8) % 48;
  __u64 *count = bpf_map_lookup_elem(&counts, &slot);
  if (!count) return XDP_ABORTED;
  *count += word & 0xff;
  struct value *value = bpf_map_lookup_elem(&flows, &key);
  if (value) {
    value->first++;
    value->third ^= word;
    if ((word & 0x70) == 0) return bpf_map_delete_elem(&flows, &key) ? 90 : XDP_DROP;
  } else {
    struct value fresh = {1, word, 3};
    long fault = bpf_map_update_elem(&flows, &key, &fresh, BPF_NOEXIST);
    if (fault) return (int)(100 - fault);
  }
  __u32 cpu = bpf_get_smp_processor_id();
  __u64 *mine = bpf_map_lookup_percpu_elem(&counts, &slot, cpu);
  __u64 *nobodys = bpf_map_lookup_percpu_elem(&counts, &slot, 4096);
  return (mine && *mine == *count ? 1 : 50) + (nobodys ? 70 : 1);
}
char _license[] SEC("license") = "GPL";
