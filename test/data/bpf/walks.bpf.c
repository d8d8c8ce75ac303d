// bpf_for_each_map_elem over array, hash and percpu_array, bpf_loop in bpf_loop, function pointers.
// A hash has no order to rely on: what is done with its elements does not depend on it.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 64);
} flows SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 6);
} counts SEC(".maps");

struct state {
  __u64 sum;
  __u32 turns;
  __u32 limit;
};
static long add(void *map, __u32 *key, __u64 *value, struct state *state) {
  state->sum += *value ^ *key;
  *value += 1;
  return 0;
}
static long until(void *map, __u32 *key, __u64 *value, struct state *state) {
  state->turns++;
  *value += *key;
  return *key >= state->limit;
}
static long inner(__u32 index, struct state *state) {
  state->sum = state->sum * 3 + index;
  return index >= state->limit;
}
static long outer(__u32 index, struct state *state) {
  state->turns += bpf_loop(index & 7, inner, state, 0);
  return 0;
}

// The count with all its bits: libbpf's declaration cuts it to 32.
static long (*const loop)(__u64 count, void *callback, void *context, __u64 flags) = (void *)181;

SEC("xdp")
int walks(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), key = word % 40;
  __u64 value = word;
  struct state state = {.limit = word >> 8 & 7};
  if (word & 1) bpf_map_update_elem(&flows, &key, &value, BPF_ANY);
  if (word & 2) bpf_map_delete_elem(&flows, &key);
  long a = bpf_for_each_map_elem(&flows, add, &state, 0);
  long b = bpf_for_each_map_elem(&counts, until, &state, 0);
  long c = bpf_loop(word >> 16 & 15, outer, &state, 0);
  // An error of 32 bits, and not one turn where the low 32 bits of the count are few.
  __u64 too_many = loop(word & 1 ? (1 << 23) + 1 : (1ull << 32) + 2, inner, &state, 0);
  state.sum += too_many ^ too_many >> 30;
  return (int)((state.sum ^ state.sum >> 32) & 0xffff) + (int)(a + b + c + state.turns);
}
char _license[] SEC("license") = "GPL";
