// Division, modulo, shifts, multiplications, sign and width changes of numbers from the frame.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 4);
} results SEC(".maps");

static __attribute__((noinline)) __u64 mix(__u64 a, __u64 b, __u32 how) {
  __s64 x = (__s64)a, y = (__s64)b;
  __u32 n = (__u32)a, m = (__u32)b;
  switch (how & 15) {
    case 0: return a / (b | 1) + a % (b | 3);
    case 1: return n / (m | 1) + (__u64)(n % (m | 3)) * 0x100000001ULL;
    case 2: return a << (b & 63) | a >> (b & 63);
    case 3: return (__u64)(x >> (b & 63)) ^ (__u32)((__s32)n >> (m & 31));
    case 4: return a * b + n * m;
    case 5: return (__u64)(__s8)a + (__u64)(__s16)b * 3 + (__u64)(__s32)n * 5;
    case 6: return x < y ? (__u64)(y - x) : (__u64)(x - y) * 7;
    case 7: return (__s32)n < (__s32)m ? n : m + (a > b);
    case 8: return __builtin_bswap16((__u16)a) + __builtin_bswap32(m) + __builtin_bswap64(b);
    case 9: return -a ^ ~b;
    case 10: return (n << (m & 31)) + (n >> (m & 31));
    case 11: return (a & b) * 3 + (a | b) * 5 + (a ^ b);
    case 12: return n > m ? a : b;
    case 13: return x >= y || (__s32)m <= 0 ? 11 : a & 8 ? 13 : 17;
    case 14: return a / 10 + b % 1000 + n / 7;
    default: return (__u16)a * (__u8)b;
  }
}

SEC("xdp")
int arithmetic(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  if (data + 38 > (void *)(long)ctx->data_end) return XDP_PASS;
  __u32 slot = ((__u8 *)data)[37] & 3;
  __u64 *result = bpf_map_lookup_elem(&results, &slot);
  if (!result) return XDP_ABORTED;
  __u64 a = *(__u64 *)(data + 22), b = *(__u64 *)(data + 30);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    *result = *result * 31 + mix(a, b, (__u32)(a >> i * 4));
    a ^= *result >> 9;
  }
  return (int)(*result & 0x7fffffff);
}
char _license[] SEC("license") = "GPL";
