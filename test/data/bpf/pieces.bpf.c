// How larger objects are put together: global functions with pointers as arguments, strings, tables of
// constants, variables in sections of their own, a weak symbol that nobody defines, text that is
// printed and compared.
#include "common.bpf.h"

const char *const names[] = {"one", "two", "three", "four"};
static const __u8 weights[8] SEC(".rodata.weights") = {1, 2, 4, 8, 16, 32, 64, 128};
__u64 totals[4] SEC(".data.totals") = {10, 20, 30, 40};
__u32 rounds;
extern const int ringbed_absent __ksym __weak;

struct summary {
  __u32 weight;
  __u32 kind;
};

__attribute__((noinline)) int summarize(struct xdp_md *ctx, struct summary *into) {
  if (!into) return 0;
  __u32 word = word_of(ctx);
  into->weight = weights[word & 7];
  into->kind = word >> 3 & 3;
  return 1;
}

__attribute__((noinline)) int settle(__u32 weight, __u32 kind) {
  totals[kind & 3] += weight;
  return (int)((totals[kind & 3] + rounds) % 3);
}

SEC("xdp")
int pieces(struct xdp_md *ctx) {
  struct summary summary = {};
  if (&ringbed_absent) return XDP_ABORTED;
  if (!summarize(ctx, &summary)) return XDP_ABORTED;
  rounds++;
  char name[4] = {};
  struct choices *frame = choices_of(ctx);
  if (frame) name[0] = (char)('t' + (frame->a & 1)), name[1] = frame->b & 1 ? 'w' : 'h';
  int order = bpf_strncmp(name, 2, "tw");
  bpf_printk("%s: %d of %u, kind %x, %lu", "pieces", order, summary.weight, summary.kind, totals[0]);
  int left = settle(summary.weight + (order < 0 ? 3 : order), summary.kind);
  return left == 0 ? XDP_PASS : left == 1 ? XDP_DROP : XDP_TX;
}
char _license[] SEC("license") = "GPL";
