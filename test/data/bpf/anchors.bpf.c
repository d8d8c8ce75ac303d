// TC: classic packet loads with negative offsets, which count from a header: SKF_NET_OFF, SKF_LL_OFF, and
// those that only classic BPF knows (SKF_AD_OFF) or nobody. Also after the frame has moved in its buffer.
#include "common.bpf.h"

unsigned long long load_byte(void *skb, unsigned long long at) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long at) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long at) asm("llvm.bpf.load.word");

SEC("tc")
int anchors(struct __sk_buff *skb) {
  __u8 how[4];
  if (bpf_skb_load_bytes(skb, 26, how, sizeof how)) return 2;
  long long at = how[1] & 0x7f;
  if (how[0] & 8) bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), how[2]);
  switch (how[0] & 7) {
    case 0: return (int)load_byte(skb, -0x100000LL + at);
    case 1: return (int)load_half(skb, -0x100000LL + at);
    case 2: return (int)load_word(skb, -0x100000LL + at) & 0xffff;
    case 3: return (int)load_byte(skb, -0x200000LL + at);
    case 4: return (int)load_half(skb, -0x200000LL + at);
    case 5: return (int)load_word(skb, -0x200000LL + at) & 0xffff;
    case 6: return 1 + (int)load_byte(skb, -0x1000LL + at);
    default: return 1 + ((int)load_word(skb, -0x100000LL - (at & 7)) & 0xffff);
  }
}
char _license[] SEC("license") = "GPL";
