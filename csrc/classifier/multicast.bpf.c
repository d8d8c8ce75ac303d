// Stage `multicast`: frames to a group that is not in `ringbed_groups` are dropped, as an exact
// filter in the NIC would do; unicast goes on. Behind `parse`.
#include "stage.h"

// Joined groups and their frames.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, struct ringbed_group);
  __type(value, __u64);
} ringbed_groups SEC(".maps");

SEC("xdp")
int multicast(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  if (!frame) return XDP_ABORTED;
  int is_group = frame->ethertype == 0x86dd ? frame->destination[0] == 0xff
                                            : (frame->destination[0] & 0xf0) == 0xe0;
  if (!is_group) return ringbed_next(ctx, frame);
  struct ringbed_group group;
  __builtin_memcpy(group.address, frame->destination, sizeof group.address);
  __u64* frames = bpf_map_lookup_elem(&ringbed_groups, &group);
  if (!frames) return ringbed_verdict(frame, XDP_DROP);
  __sync_fetch_and_add(frames, 1);
  return ringbed_next(ctx, frame);
}
