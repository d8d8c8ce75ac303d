// Maps that system calls may only read or only write; a program may do both.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 4);
  __uint(map_flags, BPF_F_RDONLY);
} counted SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 4);
  __uint(map_flags, BPF_F_WRONLY);
} steps SEC(".maps");

SEC("xdp")
int permissions(struct xdp_md *ctx) {
  __u32 first = 0;
  __u64 *step = bpf_map_lookup_elem(&steps, &first), zero = 0;
  if (!step) return XDP_ABORTED;
  bpf_map_update_elem(&counted, &first, &zero, BPF_NOEXIST);
  __u64 *count = bpf_map_lookup_elem(&counted, &first);
  if (!count) return XDP_ABORTED;
  *count += *step;
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
