// Stage `sample`: every n-th frame's first bytes into a ring buffer, for whoever watches, without
// touching the frame. A full ring loses samples, never frames. Stands anywhere.
#include "stage.h"

enum { RINGBED_SAMPLE_BYTES = 64 };

struct ringbed_sample {
  __u64 ns;
  __u32 length;    // of the frame
  __u32 captured;  // bytes that follow
  __u8 bytes[RINGBED_SAMPLE_BYTES];
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 262144);
} ringbed_samples SEC(".maps");

// Frames since the last sample; samples lost to a full ring.
struct ringbed_sampling {
  __u64 since;
  __u64 lost;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ringbed_sampling);
} ringbed_sampling SEC(".maps");

static __always_inline void take_sample(struct xdp_md* ctx, struct ringbed_sampling* sampling) {
  struct ringbed_sample* sample = bpf_ringbuf_reserve(&ringbed_samples, sizeof *sample, 0);
  if (!sample) {
    sampling->lost++;
    return;
  }
  __builtin_memset(sample, 0, sizeof *sample);
  sample->ns = bpf_ktime_get_ns();
  __u64 captured = ctx->data_end - ctx->data;
  sample->length = captured;
  if (captured > RINGBED_SAMPLE_BYTES) captured = RINGBED_SAMPLE_BYTES;
  // The compiler knows the bounds and would drop the test that the verifier wants to see.
  asm volatile("" : "+r"(captured));
  if (captured > 0 && captured <= RINGBED_SAMPLE_BYTES &&
      bpf_xdp_load_bytes(ctx, 0, sample->bytes, captured) == 0)
    sample->captured = captured;
  bpf_ringbuf_submit(sample, 0);
}

SEC("xdp")
int sample(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  struct ringbed_settings* settings = ringbed_get_settings();
  __u32 zero = 0;
  struct ringbed_sampling* sampling = bpf_map_lookup_elem(&ringbed_sampling, &zero);
  if (!frame || !settings || !sampling) return XDP_ABORTED;
  if (settings->sample_every && ++sampling->since >= settings->sample_every) {
    sampling->since = 0;
    take_sample(ctx, sampling);
  }
  return ringbed_next(ctx, frame);
}
