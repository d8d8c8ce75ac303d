// The bundled classifier as a differential test takes it: nobody writes its maps before the first frame,
// so a first program of its own does, once.
#define classifier bundled_entry
#include "../../../csrc/classifier/classifier.bpf.c"
#undef classifier

__u32 told;

SEC("xdp")
int classifier(struct xdp_md* ctx) {
  __u32 zero = 0;
  struct ringbed_settings* settings = ringbed_get_settings();
  if (!settings) return XDP_ABORTED;
  if (!told) {
    told = 1;
    settings->stages = RINGBED_SLOTS;  // an empty slot behind the last one is a miss
    settings->target_port = 8080;
    settings->protocol = 17;
    settings->otherwise = RINGBED_DROP;
    settings->limit_ns = 1ULL << 50;  // days: the bucket fills up in no run
    settings->limit_burst = 1ULL << 12;
    settings->sample_every = 7;
    struct ringbed_group group = {.address = {239, 1, 1, 1}};
    __u64 none = 0;
    bpf_map_update_elem(&ringbed_groups, &group, &none, BPF_ANY);
  }
  struct ringbed_frame* frame = bpf_map_lookup_elem(&ringbed_frame, &zero);
  if (!frame) return XDP_ABORTED;
  __builtin_memset(frame, 0, sizeof *frame);
  frame->slot = RINGBED_ENTRY;
  frame = ringbed_begin();
  return frame ? ringbed_next(ctx, frame) : XDP_ABORTED;
}
