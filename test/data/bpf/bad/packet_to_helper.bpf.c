// message: helper access to the packet is not allowed
// message: packet_to_helper.bpf.c:
// hint: to the stack first
#include "../common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");
SEC("tc")
int packet_to_helper(struct __sk_buff *skb) {
  void *data = (void *)(long)skb->data;
  if (data + 8 > (void *)(long)skb->data_end) return 0;
  long out = 0;
  return (int)bpf_strtol(data, 8, 10, &out);
}
char _license[] SEC("license") = "GPL";
