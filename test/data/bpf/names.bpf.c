// Maps whose names end as the sections of variables do: they are not those.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} s SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} data SEC(".maps");

__u64 frames;
__u64 bytes[4];
__u32 seen = 7;

SEC("xdp")
int names(struct xdp_md *ctx) {
  __u32 length = ctx->data_end - ctx->data;
  __u32 slot = length & 3;
  __u64 *count = bpf_map_lookup_elem(&s, &slot);
  if (count) *count += 1;
  __u32 zero = 0;
  __u32 *last = bpf_map_lookup_elem(&data, &zero);
  if (last) *last = length;
  frames += 1000;
  bytes[length & 3] += length;
  seen ^= length;
  return seen & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
