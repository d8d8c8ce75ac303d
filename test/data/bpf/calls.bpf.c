// Subprograms, function pointers, bpf_loop, bpf_for_each_map_elem, ringbuf, 128-bit stack frames.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 5);
} sums SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");

struct walk {
  __u64 total;
  __u32 stop;
};

static long add_value(void *map, __u32 *key, __u64 *value, struct walk *walk) {
  walk->total += *value * (*key + 1);
  return *key == walk->stop;
}
static long mix(__u32 index, struct walk *walk) {
  walk->total = walk->total * 33 + index;
  return index > walk->stop;
}
static __attribute__((noinline)) __u64 deep(__u64 a, __u64 b) {
  volatile __u64 room[4] = {a, b, a ^ b, a + b};
  return room[0] * room[3] - room[1] + room[2];
}
static __attribute__((noinline)) __u64 middle(__u64 a, __u64 b) { return deep(a, b) ^ deep(b, a + 1); }

SEC("xdp")
int calls(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  __u32 slot = eth->h_dest[0] % 5;
  __u64 *sum = bpf_map_lookup_elem(&sums, &slot);
  if (!sum) return XDP_ABORTED;
  *sum = *sum * 3 + middle(eth->h_dest[1], eth->h_source[2]);
  struct walk walk = {.total = 1, .stop = eth->h_dest[2] & 7};
  long visited = bpf_for_each_map_elem(&sums, add_value, &walk, 0);
  long looped = bpf_loop(eth->h_dest[3] & 31, mix, &walk, 0);
  struct walk *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
  if (record) {
    record->total = walk.total;
    record->stop = walk.stop;
    ((__u32 *)record)[3] = 0;  // nobody wrote the padding: in the kernel it may hold anything
    if (eth->h_dest[4] & 1)
      bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
    else
      bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
  }
  __u32 folded = (__u32)(walk.total ^ (walk.total >> 32));
  return (int)((folded ^ (visited << 4) ^ (looped << 8) ^ (record ? 0 : 1 << 20)) & 0x7fffffff);
}
char _license[] SEC("license") = "GPL";
