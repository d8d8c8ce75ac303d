// TC: bpf_skb_pull_data before a direct access, bpf_check_mtu, bpf_csum_update, redirects beyond one's
// own interface.
#include "common.bpf.h"

SEC("tc")
int pulls(struct __sk_buff *skb) {
  __u32 wanted = skb->len & 1 ? 42 : 54;
  if (bpf_skb_pull_data(skb, wanted)) return 2;
  __u8 *data = (void *)(long)skb->data;
  if ((void *)(data + 34) > (void *)(long)skb->data_end) return 3;
  __u32 word = data[26] | data[27] << 8 | data[29] << 16 | (__u32)data[33] << 24;
  __u32 length = word & 8 ? word >> 4 & 0x1ffff : 0;
  long result = 0;
  switch (word & 7) {
    case 0: result = bpf_skb_pull_data(skb, word >> 3 & 0xff); break;
    case 1: result = bpf_check_mtu(skb, (word >> 22 & 3) > 1 ? 0x7ffffff0 : word >> 22 & 3, &length, (__s32)(word >> 5 & 0x1ffff) - 0x8000, word >> 28 & 1); break;
    case 2: result = bpf_csum_update(skb, word); break;
    case 3: return (int)bpf_redirect_neigh(word >> 3 & 3, 0, 0, word >> 5 & 1);
    case 4: result = bpf_get_numa_node_id(); break;
    default: result = (word >> 8) & 0xff;
  }
  return (int)((result < 0 ? 100 - result : result) + (length & 0xff));
}
char _license[] SEC("license") = "GPL";
