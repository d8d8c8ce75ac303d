// Maps as they were before BTF (struct bpf_map_def in a section "maps"), which libbpf no more reads,
// with what such objects have besides: one too large a definition, a variable, a function of its own.
#include "common.bpf.h"

struct bpf_map_def {
  unsigned int type, key_size, value_size, max_entries, map_flags;
};
struct bpf_map_def SEC("maps") lengths = {BPF_MAP_TYPE_ARRAY, 4, 8, 16, 0};
struct bpf_map_def SEC("maps") senders = {BPF_MAP_TYPE_HASH, 6, 4, 512, BPF_F_NO_PREALLOC};
struct bpf_map_def SEC("maps") verdicts = {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4, 0};
// With the fields that iproute2 put behind the five.
struct iproute2_map_def {
  struct bpf_map_def known;
  unsigned int id, pinning, inner_id, inner_index;
};
struct iproute2_map_def SEC("maps") recent = {{BPF_MAP_TYPE_LRU_HASH, 4, 4, 65536, 0}, 7, 2, 0, 0};

// CO-RE, without the loader that knows it: the kernel has these members elsewhere.
struct iphdr___short {
  __u8 protocol;
  __u8 ttl;
} __attribute__((preserve_access_index));

const volatile __u32 every = 3;
static __u64 seen;

static __attribute__((noinline)) int verdict_of(__u32 length, __u32 hits) {
  return hits % every == 0 ? XDP_DROP : length > 100 ? XDP_TX : XDP_PASS;
}

static long count_known(void *map, const void *key, void *value, void *sum) {
  *(__u32 *)sum += *(__u32 *)value;
  return 0;
}

SEC("xdp_legacy")
int legacy(struct xdp_md *ctx) {
  struct choices *frame = choices_of(ctx);
  if (!frame) return XDP_ABORTED;
  __u32 length = ctx->data_end - ctx->data;
  __u32 slot = length / 64 & 15;
  __u64 *count = bpf_map_lookup_elem(&lengths, &slot);
  if (count) *count += 1;
  struct iphdr___short *ip = (void *)(long)ctx->data + 14;
  if ((void *)(long)ctx->data + 34 <= (void *)(long)ctx->data_end) seen += ip->ttl + ip->protocol * 256;
  __u8 sender[6];
  __builtin_memcpy(sender, &frame->g, sizeof sender);
  sender[1] = sender[2] = sender[3] = sender[4] = sender[5] = 0;
  __u32 one = 1, hits = 1, word = word_of(ctx) & 0xff;
  __u32 *known = bpf_map_lookup_elem(&senders, sender);
  if (known) hits = ++*known;
  else bpf_map_update_elem(&senders, sender, &one, BPF_ANY);
  bpf_map_update_elem(&recent, &word, &hits, BPF_ANY);
  if ((word & 15) == 0) bpf_for_each_map_elem(&senders, count_known, &hits, 0);
  __u32 verdict = verdict_of(length, hits);
  count = bpf_map_lookup_elem(&verdicts, &verdict);
  if (count) *count += ++seen;
  return (int)verdict;
}
char _license[] SEC("license") = "GPL";
