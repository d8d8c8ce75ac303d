// Dynamic pointers to a map's memory and to records of a ringbuf, with offsets and lengths that do
// not always fit. The same program for XDP and for TC.
#include "common.bpf.h"

#define ROOM 64

struct memory {
  __u8 bytes[ROOM];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct memory);
  __uint(max_entries, 2);
} memories SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} records SEC(".maps");

static __always_inline void use(struct bpf_dynptr *pointer, __u32 word, __u8 *bytes, __u64 *sum) {
  __u64 flags = (word & 15) == 0 ? word >> 4 & 1 : 0;
  *sum = *sum * 31 + (__u64)bpf_dynptr_write(pointer, word >> 5 & 63, bytes, 16, flags);
  *sum = *sum * 31 + (__u64)bpf_dynptr_read(bytes, 16, pointer, word >> 11 & 63, flags);
  for (int i = 0; i < 16; i++) *sum = *sum * 31 + bytes[i];
  __u8 *data = bpf_dynptr_data(pointer, word >> 17 & 63, 8);
  *sum = *sum * 31 + (data != 0);
  if (data) {
    *sum = *sum * 31 + data[7];
    data[0] = (__u8)*sum;
  }
}

static __always_inline int point(void *start, void *end) {
  if (start + 54 > end) return 1;
  __u8 *data = start;
  __u32 word = *(__u32 *)(data + 18) * 16777619 ^ *(__u32 *)(data + 38) ^ (__u32)(end - start);
  __u8 bytes[16];
  __builtin_memcpy(bytes, data + 38, sizeof bytes);
  __u64 sum = 0;
  struct bpf_dynptr pointer;
  if (word & 1) {
    __u32 key = word >> 1 & 1;
    struct memory *memory = bpf_map_lookup_elem(&memories, &key);
    if (!memory) return 2;
    __u32 size = word & 4 ? ROOM : word >> 3 & (ROOM - 1);
    sum += (__u64)bpf_dynptr_from_mem(memory, size, (word & 0x700) == 0 ? word >> 11 & 1 : 0, &pointer);
    use(&pointer, word >> 2, bytes, &sum);
    use(&pointer, word >> 8, bytes, &sum);
    return (int)(sum & 0xffff);
  }
  __u32 size = word & 2 ? ROOM : word >> 3 & 0x7f;
  if ((word & 0xf000) == 0) size = word & 0x10000 ? 5000 : 0x2000000;
  __u64 flags = (word & 0xf0000) == 0 ? 2 : 0;
  sum += (__u64)bpf_ringbuf_reserve_dynptr(&records, size, flags, &pointer);
  // All of the record, so that nothing is left as the ring had it.
  __u8 zeros[ROOM * 2] = {};
  bpf_dynptr_write(&pointer, 0, zeros, size > sizeof zeros ? sizeof zeros : size == 0 ? 1 : size, 0);
  use(&pointer, word >> 2, bytes, &sum);
  if (word & 0x300000) {
    bpf_ringbuf_submit_dynptr(&pointer, 0);
  } else {
    bpf_ringbuf_discard_dynptr(&pointer, 0);
  }
  return (int)(sum & 0xffff);
}

SEC("xdp")
int dynptrs(struct xdp_md *ctx) {
  return point((void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

SEC("tc")
int dynptrs_tc(struct __sk_buff *skb) {
  return point((void *)(long)skb->data, (void *)(long)skb->data_end);
}
char _license[] SEC("license") = "GPL";
