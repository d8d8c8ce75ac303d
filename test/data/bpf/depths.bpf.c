// Tail calls from functions: the program that is called has eight frames of its own, the count of tail calls is one
// over the whole run, and what a frame holds in its caller is still there when the call has come back.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 3);
} turns SEC(".maps");

int down(struct xdp_md *ctx);
int leaf(struct xdp_md *ctx);

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, sizeof(__u32));
  __array(values, int(void *));
} next SEC(".maps") = {.values = {(void *)&down, (void *)&leaf}};

// Each turn's number.
static __always_inline __u32 count(__u32 slot) {
  __u32 *turn = bpf_map_lookup_elem(&turns, &slot);
  return turn ? ++*turn : 0;
}

static __attribute__((noinline)) int go(struct xdp_md *ctx, __u32 slot, __u32 with) {
  volatile __u32 mark = with;
  volatile int verdict = XDP_ABORTED;
  bpf_tail_call(ctx, &next, slot);
  return verdict ^ (int)(mark << 4);  // only where nothing was called
}
static __attribute__((noinline)) int between(struct xdp_md *ctx, __u32 slot, __u32 with) {
  volatile __u32 mark = with * 3;
  int verdict = go(ctx, slot, with + 1);
  return verdict * 5 + (int)mark;
}

// Three frames a turn, until no tail call is left or the frame has had enough.
SEC("xdp")
int down(struct xdp_md *ctx) {
  struct choices *choices = choices_of(ctx);
  if (!choices) return XDP_ABORTED;
  __u32 turn = count(0), most = choices->a;
  volatile __u32 mark = turn * 7;
  if ((turn & 63) > most) return XDP_PASS;
  int verdict = between(ctx, 0, turn);
  return verdict + (int)mark;
}

SEC("xdp")
int leaf(struct xdp_md *ctx) {
  count(1);
  return XDP_PASS;
}

SEC("xdp")
int depths(struct xdp_md *ctx) {
  struct choices *choices = choices_of(ctx);
  if (!choices) return XDP_ABORTED;
  __u32 times = choices->b & 63, slot = choices->c & 1 ? 3 : 1;
  int sum = 0;
  for (__u32 i = 0; i < 36 && i < times; i++)  // each comes back before the next: their count does not
    sum = sum * 3 + go(ctx, i & 1 ? slot : 1, i);
  count(2);
  sum = sum * 31 + between(ctx, 0, 1);
  return sum & 0xffff;
}
char _license[] SEC("license") = "GPL";
