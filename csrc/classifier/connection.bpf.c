// Stage `connection`: a TCP segment of no known connection is dropped before it costs the device a
// look-up. A SYN opens one, a RST closes it; the oldest makes room. Other protocols go on. Behind
// `parse`.
#include "stage.h"

struct ringbed_connection {
  __u8 source[16];
  __u8 destination[16];
  __u16 source_port;
  __u16 destination_port;
};

// Segments seen.
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, struct ringbed_connection);
  __type(value, __u64);
} ringbed_connections SEC(".maps");

enum { RINGBED_SYN = 2, RINGBED_RST = 4, RINGBED_ACK = 16 };

SEC("xdp")
int connection(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  if (!frame) return XDP_ABORTED;
  if (frame->protocol != 6 || frame->fragment) return ringbed_next(ctx, frame);
  struct ringbed_connection key;
  __builtin_memcpy(key.source, frame->source, sizeof key.source);
  __builtin_memcpy(key.destination, frame->destination, sizeof key.destination);
  key.source_port = frame->source_port;
  key.destination_port = frame->destination_port;
  __u64* segments = bpf_map_lookup_elem(&ringbed_connections, &key);
  if (segments) {
    __sync_fetch_and_add(segments, 1);
    if (frame->tcp_flags & RINGBED_RST) bpf_map_delete_elem(&ringbed_connections, &key);
    return ringbed_next(ctx, frame);
  }
  if ((frame->tcp_flags & (RINGBED_SYN | RINGBED_ACK | RINGBED_RST)) != RINGBED_SYN)
    return ringbed_verdict(frame, XDP_DROP);
  __u64 one = 1;
  bpf_map_update_elem(&ringbed_connections, &key, &one, BPF_NOEXIST);
  return ringbed_next(ctx, frame);
}
