// prog_array with initialisers, tail calls from a program and from a subprogram, an empty slot, and
// a stage that calls itself until the limit of 33.
#include "common.bpf.h"

int first(struct xdp_md *ctx);
int again(struct xdp_md *ctx);

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 8);
  __uint(key_size, sizeof(__u32));
  __array(values, int(struct xdp_md *));
} stages SEC(".maps") = {.values = {[1] = (void *)&first, [5] = (void *)&again}};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 4);
} hits SEC(".maps");

static __always_inline void hit(__u32 slot) {
  __u64 *count = bpf_map_lookup_elem(&hits, &slot);
  if (count) __sync_fetch_and_add(count, 1);
}

SEC("xdp")
int first(struct xdp_md *ctx) {
  hit(1);
  return XDP_DROP;
}
SEC("xdp")
int again(struct xdp_md *ctx) {
  hit(2);
  bpf_tail_call(ctx, &stages, 5);
  return XDP_TX;
}
SEC("xdp")
int entry(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  hit(0);
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  bpf_tail_call(ctx, &stages, eth->h_dest[5] & 15);
  hit(3);
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
