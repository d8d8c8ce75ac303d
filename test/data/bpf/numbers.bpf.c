// Numbers out of text that is made of the frame: signs, spaces, prefixes, digits of every base, too
// many of them. The same program for XDP and for TC.
#include "common.bpf.h"

#define CHARACTERS 40

const volatile char alphabet[64] = "0123456789abcdefABCDEFxX0011 \t-+g\xa0\n89f0123456789012345678";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 2);
} results SEC(".maps");

static __always_inline int parse(void *data, void *end) {
  char text[CHARACTERS] = {};
  if (data + 14 + CHARACTERS > end) return 1;
  __u8 *from = data + 14;
  __u8 what = from[CHARACTERS - 1], how = from[CHARACTERS - 2];
  for (int i = 0; i < CHARACTERS; i++) {
    __u8 c = from[i];
    if ((how & 0x80) && i > 2) c %= 10;  // all digits behind the first few
    text[i] = alphabet[c & 63];
  }
  if (how & 0x40) text[0] = '-';
  if ((how & 0x30) == 0x10) text[0] = '0', text[1] = 'x';
  __u64 flags = what & 7 ? what & 1 ? 0 : what & 2 ? 10 : what & 4 ? 16 : 8 : what;
  __u32 bytes = 1 + (what >> 3) + (how & 7);
  if (bytes > CHARACTERS) bytes = CHARACTERS;
  long parsed = -1;
  unsigned long unsigned_parsed = 1;
  long result = how & 8 ? bpf_strtol(text, bytes, flags, &parsed) : bpf_strtoul(text, bytes, flags, &unsigned_parsed);
  __u32 key = 0;
  __u64 value = how & 8 ? (__u64)parsed : unsigned_parsed;
  bpf_map_update_elem(&results, &key, &value, BPF_ANY);
  key = 1;
  value = (__u64)result;
  bpf_map_update_elem(&results, &key, &value, BPF_ANY);
  return (int)(result & 0xff);
}

SEC("xdp")
int numbers(struct xdp_md *ctx) {
  return parse((void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

SEC("tc")
int numbers_tc(struct __sk_buff *skb) {
  return parse((void *)(long)skb->data, (void *)(long)skb->data_end);
}
char _license[] SEC("license") = "GPL";
