// Load-acquire and store-release of every size, and may_goto, as bytes: clang before 20 cannot write them.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 8);
} words SEC(".maps");

// r2 = load_acquire(*(size *)(r1 + 0)), and store_release(*(size *)(r1 + 0), r2), whose opcode is 0xc3 | size.
#define LOAD_ACQUIRE(opcode, from)                                                       \
  ({                                                                                     \
    __u64 got;                                                                           \
    asm volatile("r1 = %[at]; .8byte 0x0000010000001200 + " opcode "; %[got] = r2"       \
                 : [got] "=r"(got) : [at] "r"(from) : "r1", "r2", "memory");             \
    got;                                                                                 \
  })
#define STORE_RELEASE(opcode, to, value)                                                 \
  asm volatile("r1 = %[at]; r2 = %[with]; .8byte 0x0000011000002100 + " opcode           \
               :: [at] "r"(to), [with] "r"(value) : "r1", "r2", "memory")

SEC("xdp")
int orders(struct xdp_md *ctx) {
  __u64 word = (__u64)word_of(ctx) * 0x9e3779b97f4a7c15;
  __u32 first = word & 3, second = 4 + (word >> 2 & 3);
  __u64 *a = bpf_map_lookup_elem(&words, &first), *b = bpf_map_lookup_elem(&words, &second);
  if (!a || !b) return XDP_ABORTED;
  __u64 sum = LOAD_ACQUIRE("0xd3", a) + LOAD_ACQUIRE("0xcb", b) + LOAD_ACQUIRE("0xc3", a) + LOAD_ACQUIRE("0xdb", b);
  if (word & 16) STORE_RELEASE("0xd3", a, word);
  if (word & 32) STORE_RELEASE("0xcb", b, word);
  if (word & 64) STORE_RELEASE("0xc3", a, word + sum);
  if (word & 128) STORE_RELEASE("0xdb", b, word ^ sum);
  // up: may_goto out; r1 += 1; if r1 < r2 goto up; out:
  asm volatile("r1 = 0; r2 = %[most]; .8byte 0x00000000000200e5; r1 += 1; if r1 < r2 goto -3; %[sum] += r1"
               : [sum] "+r"(sum) : [most] "r"(word >> 8 & 63) : "r1", "r2");
  return (int)(sum & 0xff);
}
char _license[] SEC("license") = "GPL";
