// Stage `port`: is the frame for the target (address, protocol, port)? Then it goes the way of
// `match`, else that of `otherwise`: on towards the ring, to the kernel, or nowhere. Behind `parse`.
#include "stage.h"

static __always_inline int is_target(const struct ringbed_settings* settings,
                                     const struct ringbed_frame* frame) {
  if (frame->fragment) return 0;
  if (settings->protocol && settings->protocol != frame->protocol) return 0;
  if (settings->target_port && settings->target_port != frame->destination_port) return 0;
  if (!settings->target_bytes) return 1;
  if ((settings->target_bytes == 16) != (frame->ethertype == 0x86dd)) return 0;
  const __u32* want = (const __u32*)settings->target;
  const __u32* have = (const __u32*)frame->destination;
  return want[0] == have[0] && want[1] == have[1] && want[2] == have[2] && want[3] == have[3];
}

SEC("xdp")
int port(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  struct ringbed_settings* settings = ringbed_get_settings();
  if (!frame || !settings) return XDP_ABORTED;
  __u32 way = is_target(settings, frame) ? settings->match : settings->otherwise;
  if (way == RINGBED_RING) return ringbed_next(ctx, frame);
  return ringbed_send(ctx, frame, way);
}
