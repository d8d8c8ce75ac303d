// message: unbounded_index.bpf.c:22
// hint: bound
#include "../common.bpf.h"

struct table {
  __u8 bytes[64];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct table);
  __uint(max_entries, 1);
} tables SEC(".maps");
SEC("xdp")
int unbounded_index(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  if (data + 1 > (__u8 *)(long)ctx->data_end) return XDP_PASS;
  __u32 key = 0;
  struct table *table = bpf_map_lookup_elem(&tables, &key);
  __u64 at = data[0];
  if (!table) return XDP_PASS;
  return table->bytes[at * 2];
}
char _license[] SEC("license") = "GPL";
