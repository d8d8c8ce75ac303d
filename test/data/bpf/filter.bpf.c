// A socket filter with the packet loads of classic BPF (RFC 9669, 5.3): beyond the frame they end
// the program with 0.
#include "common.bpf.h"

unsigned long long load_byte(void *skb, unsigned long long at) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long at) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long at) asm("llvm.bpf.load.word");

SEC("socket")
int filter(struct __sk_buff *skb) {
  __u32 length = skb->len;
  __u64 word = load_byte(skb, 0) << 8 | load_byte(skb, 1);
  if (word & 1) return (int)load_word(skb, word >> 1 & 0x7f) & 0xffff;
  if (word & 2) return (int)load_half(skb, word >> 2 & 0x3f);
  if (word & 4) return (int)load_byte(skb, -0x200000LL + (word >> 3 & 0x7f));  // from the MAC header
  __u8 bytes[4];
  if (bpf_skb_load_bytes(skb, word >> 2 & 0x7f, bytes, sizeof bytes)) return 3;
  return (int)(bytes[0] ^ bytes[3]) + (int)length;
}
char _license[] SEC("license") = "GPL";
