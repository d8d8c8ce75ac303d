// array, percpu_array, hash, percpu_hash, atomics, globals in .data, .bss and .rodata.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 256);
} lengths SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 8);
} verdicts SEC(".maps");
struct flow {
  __be32 source;
  __be16 port;
  __u16 zero;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, struct flow);
  __type(value, __u64);
  __uint(max_entries, 64);
} flows SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 16);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} protocols SEC(".maps");

const volatile __u32 limit = 40;
__u64 seen = 7;
__u64 refused;

static __always_inline int count(__u32 verdict) {
  __u64 *slot = bpf_map_lookup_elem(&verdicts, &verdict);
  if (slot) *slot += 1;
  return verdict;
}

SEC("xdp")
int counters(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  __sync_fetch_and_add(&seen, 1);
  __u32 length = (end - data) & 0xff;
  __u64 *slot = bpf_map_lookup_elem(&lengths, &length);
  if (slot) __sync_fetch_and_add(slot, 1);
  struct iphdr *ip = ipv4_of(data, end);
  if (!ip) return count(XDP_PASS);
  __u32 protocol = ip->protocol & 31;
  __u64 one = 1;
  slot = bpf_map_lookup_elem(&protocols, &protocol);
  if (slot)
    *slot += 1;
  else if (bpf_map_update_elem(&protocols, &protocol, &one, BPF_NOEXIST))
    __sync_fetch_and_add(&refused, 1);
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end) return count(XDP_DROP);
  struct flow flow = {.source = ip->saddr, .port = udp->source};
  slot = bpf_map_lookup_elem(&flows, &flow);
  if (!slot) {
    long fault = bpf_map_update_elem(&flows, &flow, &one, BPF_ANY);
    if (fault == -7) {  // full: empty it again, entry by entry
      __sync_fetch_and_add(&refused, 1000);
      return count(XDP_ABORTED);
    }
    return count(XDP_PASS);
  }
  *slot += 1;
  if (*slot > limit) {
    bpf_map_delete_elem(&flows, &flow);
    return count(XDP_DROP);
  }
  return count(XDP_TX);
}
char _license[] SEC("license") = "GPL";
