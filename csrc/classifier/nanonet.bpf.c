// Stage `nanonet`: is the payload a market_data message (24 bytes: symbol, price, quantity,
// timestamp)? The symbol is printable and begins with no space, price and quantity are not zero.
// A TCP segment without payload (handshake, ACK) goes on. Behind `parse`.
#include "stage.h"

struct ringbed_market_data {
  __u8 symbol[8];
  __u32 price;  // zero in either byte order
  __u32 quantity;
  __u64 timestamp;
} __attribute__((packed));

static __always_inline int is_message(const struct ringbed_market_data* message) {
  if (message->symbol[0] == ' ') return 0;
#pragma unroll
  for (int i = 0; i < 8; i++)
    if (message->symbol[i] < 0x20 || message->symbol[i] > 0x7e) return 0;
  return message->price != 0 && message->quantity != 0;
}

SEC("xdp")
int nanonet(struct xdp_md* ctx) {
  struct ringbed_frame* frame = ringbed_begin();
  if (!frame) return XDP_ABORTED;
  void* data = (void*)(long)ctx->data;
  void* end = (void*)(long)ctx->data_end;
  if (!frame->payload_offset) return ringbed_verdict(frame, XDP_DROP);
  // SYN, FIN and a bare ACK carry nothing; what pads a short frame is no payload.
  int is_tcp = frame->protocol == 6;
  if (is_tcp && !(frame->tcp_flags & 8)) return ringbed_next(ctx, frame);
  struct ringbed_market_data* message = data + (frame->payload_offset & 0x3ff);
  if ((void*)(message + 1) > end) return ringbed_verdict(frame, XDP_DROP);
  if (!is_message(message)) return ringbed_verdict(frame, XDP_DROP);
  return ringbed_next(ctx, frame);
}
