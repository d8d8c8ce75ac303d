// bpf_spin_lock around values of an array and a hash, and updates under the lock (BPF_F_LOCK).
#include "common.bpf.h"

struct shared {
  struct bpf_spin_lock lock;
  __u32 turns;
  __u64 sum;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct shared);
  __uint(max_entries, 4);
} slots SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, struct shared);
  __uint(max_entries, 16);
} flows SEC(".maps");

SEC("xdp")
int locks(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), key = word & 7;
  struct shared *value = word & 8 ? bpf_map_lookup_elem(&flows, &key) : bpf_map_lookup_elem(&slots, &key);
  if (!value) {
    struct shared fresh = {.turns = 1, .sum = word};
    return word & 8 && bpf_map_update_elem(&flows, &key, &fresh, BPF_NOEXIST) == 0 ? XDP_PASS : XDP_DROP;
  }
  if ((word >> 4 & 7) == 0) {
    struct shared other = {.turns = 7, .sum = ~(__u64)word};
    __u64 how = BPF_F_LOCK | (word >> 7 & 3);
    return 3 + (int)-(word & 8 ? bpf_map_update_elem(&flows, &key, &other, how)
                               : bpf_map_update_elem(&slots, &key, &other, how));
  }
  bpf_spin_lock(&value->lock);
  value->turns++;
  value->sum = value->sum * 3 + word;
  __u32 turns = value->turns;
  bpf_spin_unlock(&value->lock);
  return 10 + (turns & 15);
}
char _license[] SEC("license") = "GPL";
