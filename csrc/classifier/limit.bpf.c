// Stage `limit`: a token bucket a source address, as the generic cell rate algorithm keeps it: one
// time stamp, when the bucket would be full again (ITU-T I.371). Behind `parse`.
#include "stage.h"

struct ringbed_source {
  __u8 address[16];
};

// When the source's bucket is full again, in nanoseconds of the kernel's monotonic clock.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, struct ringbed_source);
  __type(value, __u64);
} ringbed_sources SEC(".maps");

SEC("xdp")
int limit(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  struct ringbed_settings* settings = ringbed_get_settings();
  if (!frame || !settings) return XDP_ABORTED;
  if (!settings->limit_ns) return ringbed_next(ctx, frame);
  struct ringbed_source source;
  __builtin_memcpy(source.address, frame->source, sizeof source.address);
  __u64 now = bpf_ktime_get_ns();
  __u64* full = bpf_map_lookup_elem(&ringbed_sources, &source);
  if (!full) {
    __u64 first = now + settings->limit_ns;
    bpf_map_update_elem(&ringbed_sources, &source, &first, BPF_ANY);
    return ringbed_next(ctx, frame);
  }
  __u64 from = *full > now ? *full : now;
  if (from + settings->limit_ns - now > settings->limit_ns * settings->limit_burst)
    return ringbed_verdict(frame, XDP_DROP);
  *full = from + settings->limit_ns;
  return ringbed_next(ctx, frame);
}
