// Atomics with fetch, both widths: add, and, or, xor, exchange, compare-and-exchange.
#include "common.bpf.h"

struct cell {
  __u64 wide;
  __u32 word, more;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct cell);
  __uint(max_entries, 4);
} cells SEC(".maps");
__u64 global = 17;

SEC("xdp")
int atomics(struct xdp_md *ctx) {
  __u32 word = word_of(ctx), slot = word & 3;
  struct cell *cell = bpf_map_lookup_elem(&cells, &slot);
  if (!cell) return XDP_ABORTED;
  __u64 wide = (__u64)word << 17 | word, result = 0;
  switch (word >> 2 & 15) {
    case 0: result = __sync_fetch_and_add(&cell->wide, wide); break;
    case 1: result = __sync_fetch_and_and(&cell->wide, wide | 0xff00ff); break;
    case 2: result = __sync_fetch_and_or(&cell->wide, wide); break;
    case 3: result = __sync_fetch_and_xor(&cell->wide, wide); break;
    case 4: result = __sync_lock_test_and_set(&cell->wide, wide); break;
    case 5: result = __sync_val_compare_and_swap(&cell->wide, cell->wide ^ (word & 64), wide); break;
    case 6: result = __sync_fetch_and_add(&cell->word, word); break;
    case 7: result = __sync_fetch_and_and(&cell->word, word | 0xff00); break;
    case 8: result = __sync_fetch_and_or(&cell->word, word); break;
    case 9: result = __sync_fetch_and_xor(&cell->more, word); break;
    case 10: result = __sync_lock_test_and_set(&cell->word, word); break;
    case 11: result = __sync_val_compare_and_swap(&cell->word, cell->word ^ (word & 64), word); break;
    default: result = __sync_fetch_and_add(&global, wide);
  }
  return (int)(result ^ result >> 32) & 0xffffff;
}
char _license[] SEC("license") = "GPL";
