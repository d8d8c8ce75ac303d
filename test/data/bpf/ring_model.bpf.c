// ringbuf, one operation a frame, chosen by its bytes; results go back into the frame.
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ring SEC(".maps");

struct step {
  __u8 ethernet[14];
  __u8 operation;  // 0: output, 1 and on: reserve
  __u8 discard;
  __u64 flags;
  __u64 size;    // of an output, at most 4095
  __u64 number;  // the record's first bytes
  __u64 result;
  __u64 query[5];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u8[4096]);
} scratch SEC(".maps");

// The size of a record must be known to the verifier.
#define RESERVE(which, bytes)                                       \
  case which: {                                                     \
    __u8 *record = bpf_ringbuf_reserve(&ring, bytes, step->flags);  \
    step->result = record != 0;                                     \
    if (!record) break;                                             \
    if (bytes >= 8)                                                 \
      *(__u64 *)record = step->number;                              \
    else                                                            \
      *record = step->number;                                       \
    if (step->discard)                                              \
      bpf_ringbuf_discard(record, 0);                               \
    else                                                            \
      bpf_ringbuf_submit(record, 0);                                \
    break;                                                          \
  }

SEC("xdp")
int ring_step(struct xdp_md *ctx) {
  struct step *step = (void *)(long)ctx->data;
  if ((void *)(step + 1) > (void *)(long)ctx->data_end) return XDP_ABORTED;
  __u32 zero = 0;
  __u64 *bytes = bpf_map_lookup_elem(&scratch, &zero);
  if (!bytes) return XDP_ABORTED;
  switch (step->operation) {
    case 0:
      *bytes = step->number;
      step->result = bpf_ringbuf_output(&ring, bytes, step->size & 4095, step->flags);
      break;
      RESERVE(1, 1)
      RESERVE(2, 8)
      RESERVE(3, 9)
      RESERVE(4, 1000)
      RESERVE(5, 4080)
      RESERVE(6, 4088)
      RESERVE(7, 5000)
  }
  for (int i = 0; i < 5; ++i) step->query[i] = bpf_ringbuf_query(&ring, i);
  return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
