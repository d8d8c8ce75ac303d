// The bundled classifier: the entry program and every bundled stage in one object, so that they
// share the maps of stage.h. A scenario puts the stages that it wants into the slots.
#include "stage.h"

#include "parse.bpf.c"

#include "connection.bpf.c"
#include "limit.bpf.c"
#include "multicast.bpf.c"
#include "nanonet.bpf.c"
#include "port.bpf.c"
#include "sample.bpf.c"

// Begins a frame's way through the slots.
SEC("xdp")
int classifier(struct xdp_md* ctx) {
  __u32 zero = 0;
  struct ringbed_frame* frame = bpf_map_lookup_elem(&ringbed_frame, &zero);
  if (!frame) return XDP_ABORTED;
  __builtin_memset(frame, 0, sizeof *frame);
  frame->slot = RINGBED_ENTRY;
  frame = ringbed_begin();
  return frame ? ringbed_next(ctx, frame) : XDP_ABORTED;
}

char ringbed_license[] SEC("license") = "Apache-2.0";
