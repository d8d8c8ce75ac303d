// bpf_csum_diff over sizes of every kind, whole words and not, of either side or of both.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} last SEC(".maps");

SEC("xdp")
int sums(struct xdp_md *ctx) {
  __u8 frame[32] = {};
  __u32 length = ctx->data_end - ctx->data;
  if (bpf_xdp_load_bytes(ctx, 0, frame, length < 32 ? 14 : 32)) return XDP_ABORTED;
  __u8 from[16], to[16];
  __builtin_memcpy(from, frame, 16);
  __builtin_memcpy(to, frame + 16, 16);
  __u32 from_bytes = frame[0] & 15, to_bytes = frame[5] & 15;
  __s64 sum;
  if ((frame[11] & 3) == 0) {
    sum = bpf_csum_diff((__be32 *)from, from_bytes, 0, 0, frame[6]);
  } else if ((frame[11] & 3) == 1) {
    sum = bpf_csum_diff(0, 0, (__be32 *)to, to_bytes, ~frame[7]);
  } else {
    sum = bpf_csum_diff((__be32 *)from, from_bytes, (__be32 *)to, to_bytes, frame[8] << 24);
  }
  __u32 zero = 0;
  __u64 *at = bpf_map_lookup_elem(&last, &zero);
  if (at) *at = sum;
  return sum & 1 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
