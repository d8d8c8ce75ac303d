// Accesses that libbpf relocates to the running kernel's types (CO-RE), as everything is that was
// built with a vmlinux.h; here and there the compiler's offsets are the kernel's.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ethhdr {
  unsigned char h_dest[6];
  unsigned char h_source[6];
  __be16 h_proto;
};
struct iphdr {
  __u8 ihl : 4;
  __u8 version : 4;
  __u8 tos;
  __be16 tot_len;
  __be16 id;
  __be16 frag_off;
  __u8 ttl;
  __u8 protocol;
  __u16 check;
  __be32 saddr;
  __be32 daddr;
};
#pragma clang attribute pop

SEC("xdp")
int core(struct xdp_md *ctx) {
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = (void *)(long)ctx->data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  if (eth->h_proto != bpf_htons(0x0800)) return XDP_PASS;
  struct iphdr *ip = (void *)(eth + 1);
  if ((void *)(ip + 1) > end) return XDP_DROP;
  if (!bpf_core_field_exists(ip->ttl)) return XDP_ABORTED;
  if (bpf_core_type_size(struct iphdr) != sizeof(struct iphdr)) return XDP_ABORTED;
  if (BPF_CORE_READ_BITFIELD(ip, ihl) < 5) return XDP_DROP;
  ip->ttl -= 1;
  ip->daddr ^= ip->saddr;
  return ip->protocol == 17 ? XDP_TX : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
