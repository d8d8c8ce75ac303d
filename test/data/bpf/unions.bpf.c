// A value whose type has what names alone do not reach: a union, members without a name, an enumeration.
#include "common.bpf.h"

enum phase { IDLE, BUSY = 7, BROKEN = 9 };

struct peer {
  enum phase phase;
  union {
    __be32 v4;
    struct {
      __u16 low;
      __u16 high;
    };
  };
  union {
    __u64 all;
    __u8 each[8];
  } count;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct peer);
  __uint(max_entries, 2);
} peers SEC(".maps");

SEC("xdp")
int unions(struct xdp_md *ctx) {
  __u32 slot = 1;
  struct peer *peer = bpf_map_lookup_elem(&peers, &slot);
  if (!peer) return XDP_ABORTED;
  return peer->phase == BUSY && peer->low == 0x0102 && peer->count.each[1] == 3 ? XDP_PASS : XDP_DROP;
}
char _license[] SEC("license") = "GPL";
