// ringbuf: output, reserve with submit and discard, query; it runs full between two readings.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");
struct event {
  __u32 word;
  __u32 length;
  __u64 more[20];
};

SEC("xdp")
int rings(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  long result = 0;
  if (word & 1) {
    struct event event = {.word = word, .length = ctx->data_end - ctx->data};
    result = bpf_ringbuf_output(&events, &event, sizeof event, word & 2 ? BPF_RB_NO_WAKEUP : 0);
  } else {
    struct event *event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
    if (!event) return 77;
    __builtin_memset(event, 0, sizeof *event);
    event->word = word;
    if (word & 4)
      bpf_ringbuf_discard(event, 0);
    else
      bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  }
  __u64 used = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
  __u64 size = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
  return result ? (int)(100 - result) : (int)(200 + used / 8 + size);
}
char _license[] SEC("license") = "GPL";
