// About four thousand instructions: what it costs to load a large program.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

// One byte of the packet, mixed in, and counted.
static __always_inline __u64 step(__u8 *data, __u8 *end, __u64 mix, __u32 at) {
  if (data + at + 1 > end) return mix;
  mix = (mix ^ data[at]) * 0x100000001b3ULL;
  __u32 key = mix & 255;
  __u64 *count = bpf_map_lookup_elem(&counts, &key);
  if (count) *count += 1;
  return mix;
}

#define STEPS4(at) mix = step(data, end, mix, at); mix = step(data, end, mix, at + 1); \
  mix = step(data, end, mix, at + 2); mix = step(data, end, mix, at + 3);
#define STEPS32(at) STEPS4(at) STEPS4(at + 4) STEPS4(at + 8) STEPS4(at + 12) STEPS4(at + 16) \
  STEPS4(at + 20) STEPS4(at + 24) STEPS4(at + 28)

SEC("xdp")
int large(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  __u8 *end = (void *)(long)ctx->data_end;
  __u64 mix = 0xcbf29ce484222325ULL;
  STEPS32(0) STEPS32(32) STEPS32(64) STEPS32(96) STEPS32(128) STEPS32(160)
  STEPS4(192) STEPS4(196) STEPS4(200)
  return mix & 1 ? XDP_DROP : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
