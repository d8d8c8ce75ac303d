// perf_event_output into slots that nobody opened, and trace_printk: what they return.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, 4);
  __uint(value_size, 4);
  __uint(max_entries, 4);
} events SEC(".maps");

SEC("xdp")
int perf(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  __u64 flags = word & 1 ? BPF_F_CURRENT_CPU : word >> 1 & 7;
  if ((word & 0xff00) == 0x4200) return (int)bpf_printk("ringbed %d %x", word & 0xff, word);
  long result = bpf_perf_event_output(ctx, &events, flags, &word, sizeof word);
  return (int)(100 - result);
}
char _license[] SEC("license") = "GPL";
