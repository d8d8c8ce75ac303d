// What only a kernel has: timers, and what a socket buffer knows of the tunnel that it came by.
#include "common.bpf.h"

struct element {
  struct bpf_timer timer;
  __u32 fired;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct element);
  __uint(max_entries, 1);
} timers SEC(".maps");

SEC("xdp")
int timed(struct xdp_md *ctx) {
  __u32 key = 0;
  struct element *element = bpf_map_lookup_elem(&timers, &key);
  if (element) bpf_timer_init(&element->timer, &timers, 1 /* CLOCK_MONOTONIC */);
  return XDP_PASS;
}

SEC("tc")
int tunneled(struct __sk_buff *skb) {
  struct bpf_tunnel_key key = {};
  return bpf_skb_get_tunnel_key(skb, &key, sizeof key, 0) ? 2 /* TC_ACT_SHOT */ : 0;
}

SEC("xdp")
int plain(struct xdp_md *ctx) {
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
