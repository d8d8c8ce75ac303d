// CO-RE with types that are not laid out as the kernel's: other order, other sizes, bit fields, members and
// types that no kernel has, enumerators with other values. Everything is right only after relocation.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ethhdr___short {
  __be16 h_proto;
  unsigned char h_source[6];
};
struct iphdr___mixed {
  __be32 daddr;
  __be32 saddr;
  __u32 id;  // 16 bits in the kernel
  __u8 protocol;
  __u8 ttl;
  __u8 gone;
  __u8 version : 4;
  __u8 ihl : 4;
};
struct tcphdr___flags {
  __u16 syn : 1;
  __u16 doff : 4;
  __be32 seq;
};
struct in6_addr___words {
  struct {
    __be32 u6_addr32[4];
  } in6_u;
};
struct nothing_of_the_kind {
  int member;
};
#pragma clang attribute pop

enum xdp_action___other { XDP_TX___other = 77, XDP_NEVER___other = 78 };

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 16);
} seen SEC(".maps");

static __always_inline void note(__u32 slot, __u64 value) {
  __u64 *cell = bpf_map_lookup_elem(&seen, &slot);
  if (cell) *cell = *cell * 31 + value;
}

SEC("xdp")
int elsewhere(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  if (data + 54 > end) return XDP_PASS;
  struct ethhdr___short *eth = data;
  struct iphdr___mixed *ip = data + 14;
  struct tcphdr___flags *tcp = data + 34;
  struct in6_addr___words *address = data + 22;
  note(0, eth->h_proto);
  note(1, eth->h_source[5]);
  note(2, ip->id);
  note(3, ip->saddr ^ ip->daddr);
  note(4, BPF_CORE_READ_BITFIELD(ip, version) << 8 | BPF_CORE_READ_BITFIELD(ip, ihl));
  note(5, BPF_CORE_READ_BITFIELD(tcp, syn) << 8 | BPF_CORE_READ_BITFIELD(tcp, doff));
  note(6, address->in6_u.u6_addr32[2]);
  note(7, bpf_core_field_exists(ip->gone) | bpf_core_field_exists(ip->ttl) << 1 |
              bpf_core_type_exists(struct nothing_of_the_kind) << 2 |
              bpf_core_type_exists(struct iphdr___mixed) << 3 |
              bpf_core_enum_value_exists(enum xdp_action___other, XDP_TX___other) << 4 |
              bpf_core_enum_value_exists(enum xdp_action___other, XDP_NEVER___other) << 5);
  note(8, bpf_core_type_size(struct iphdr___mixed) << 8 | bpf_core_field_size(ip->id));
  note(9, bpf_core_type_size(struct nothing_of_the_kind));
  note(10, bpf_core_field_offset(struct iphdr___mixed, daddr));
  note(11, tcp->seq);
  if (bpf_core_field_exists(ip->gone)) note(12, ip->gone);
  ip->ttl -= 1;
  ip->daddr ^= ip->saddr;
  return ip->protocol & 1 ? (int)bpf_core_enum_value(enum xdp_action___other, XDP_TX___other) : XDP_PASS;
}
char _license[] SEC("license") = "GPL";
