// queue and stack: push with every flag, pop, peek, full and empty.
#include "common.bpf.h"

struct item {
  __u32 word;
  __u16 half;
  __u16 more;
};
struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __type(value, struct item);
  __uint(max_entries, 5);
} line SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __type(value, struct item);
  __uint(max_entries, 5);
} pile SEC(".maps");

SEC("xdp")
int lines(struct xdp_md *ctx) {
  __u32 word = word_of(ctx);
  struct item item = {word, word >> 7, 9};
  long result;
  switch (word % 8) {
    case 0: case 1: result = bpf_map_push_elem(&line, &item, word >> 3 & 3); break;
    case 2: result = bpf_map_pop_elem(&line, &item); break;
    case 3: result = bpf_map_peek_elem(&line, &item); break;
    case 4: case 5: result = bpf_map_push_elem(&pile, &item, word >> 3 & 3); break;
    case 6: result = bpf_map_pop_elem(&pile, &item); break;
    default: result = bpf_map_peek_elem(&pile, &item);
  }
  return (int)((item.word ^ item.half) & 0xffff) + (int)(-result << 16);
}
char _license[] SEC("license") = "GPL";
