// Helpers on a socket buffer that leave its bounds alone: what it is marked with, its hash, bytes
// by header, congestion marks, clones.
#include <algorithm>
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd, kVlan = 0x8100, kVlanAd = 0x88a8;
constexpr std::uint32_t kIpv4Header = 20, kIpv6Header = 40, kEthernetHeader = 14, kTag = 4;

std::uint32_t mix(std::uint32_t hash, const std::uint8_t* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; ++at) {  // FNV-1a
    hash = (hash ^ from[at]) * 16'777'619;
  }
  return hash;
}

// The same for both directions, as the kernel's; its key is random, so its value is its own. Not 0.
std::uint32_t flow_hash(Packet& packet) {
  const SocketBuffer& skb = packet.skb;
  const bool ipv6 = skb.protocol == kIpv6;
  const std::uint32_t address_bytes = ipv6 ? 16 : 4;
  const std::uint8_t* ip = packet.at_header(skb.network, 0, ipv6 ? kIpv6Header : kIpv4Header);
  std::uint32_t hash = 2'166'136'261;
  if (ip == nullptr || (skb.protocol != kIpv4 && !ipv6)) return (hash ^ skb.protocol) * 16'777'619;
  const std::uint8_t* source = ip + (ipv6 ? 8 : 12);
  const std::uint8_t protocol = ip[ipv6 ? 6 : 9];
  const std::uint32_t header = ipv6 ? kIpv6Header : (ip[0] & 0xfU) * 4;
  const bool whole = ipv6 || (base::load_be<std::uint16_t>(ip + 6) & 0x3fff) == 0;
  const std::uint8_t* ports = whole && (protocol == 6 || protocol == 17)
                                  ? packet.at_header(skb.network, header, 4)
                                  : nullptr;
  std::array<std::array<std::uint8_t, 18>, 2> ends{};
  for (std::size_t end = 0; end < ends.size(); ++end) {
    std::memcpy(ends[end].data(), source + end * address_bytes, address_bytes);
    if (ports != nullptr) std::memcpy(ends[end].data() + 16, ports + end * 2, 2);
  }
  if (ends[1] < ends[0]) std::swap(ends[0], ends[1]);
  hash = mix(hash, &protocol, 1);
  for (const auto& end : ends) hash = mix(hash, end.data(), end.size());
  return std::max(hash, 1U);
}

// The EtherType behind all VLAN tags; 0 where they end with the frame, or go on too long.
std::uint16_t inner_protocol(Packet& packet) {
  constexpr int kMostTags = 8;
  std::uint16_t protocol = packet.skb.protocol;
  std::uint32_t at = packet.skb.mac_bytes != 0 ? packet.skb.mac_bytes - kTag : kEthernetHeader;
  for (int tags = 1; protocol == kVlan || protocol == kVlanAd; ++tags, at += kTag) {
    const std::uint8_t* tag = packet.linear(at, kTag);
    if (tag == nullptr || tags == kMostTags) return 0;
    protocol = base::load_be<std::uint16_t>(tag + 2);
  }
  return protocol;
}

constexpr std::uint32_t kEcn = 3, kEct1 = 1;

// True when the packet is marked now. The checksum is kept right.
bool mark_ipv4(std::uint8_t* ip) {
  const std::uint32_t ecn = ip[1] & kEcn;
  if (ecn == 0 || ecn == kEcn) return ecn != 0;
  const std::uint32_t less = ecn == kEct1 ? 2 : 1;  // than the checksum was, as the sum is more
  std::uint32_t sum = base::load_be<std::uint16_t>(ip + 10) + 0xffffU - less;
  sum = (sum & 0xffff) + (sum >> 16);
  base::store_be(ip + 10, static_cast<std::uint16_t>(sum));
  ip[1] |= kEcn;
  return true;
}
bool mark_ipv6(std::uint8_t* ip) {
  if ((ip[1] >> 4 & kEcn) == 0) return false;
  ip[1] |= kEcn << 4;
  return true;
}

}  // namespace

bool skb_given(Machine& machine, State& state) {
  if (machine.packet().type() == ProgramType::xdp) {
    state.refuse("an XDP program has no socket buffer");
    return false;
  }
  return context_given(state);
}

std::uint64_t skb_changed(Machine& machine, State& state, int result) {
  machine.packet_changed();
  return result != kBehindTheFrame
             ? error(result)
             : state.refuse("room behind the frame's end, which the kernel fills by chance");
}

// (context, PACKET_*): of the four kinds that a frame can arrive as.
std::uint64_t skb_change_type(Machine& machine, State& state) {
  constexpr std::uint32_t kOtherHost = 3;
  if (!skb_given(machine, state)) return 0;
  const auto type = static_cast<std::uint32_t>(state.r[2]);
  if (type > kOtherHost) return error(-EINVAL);
  machine.packet().skb.packet_type = type;
  return skb_changed(machine, state, 0);
}

std::uint64_t get_hash_recalc(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  Packet& packet = machine.packet();
  if (!packet.skb.hashed) {
    packet.skb.hash = flow_hash(packet);
    packet.skb.hashed = true;
    machine.packet_changed();
  }
  return packet.skb.hash;
}

std::uint64_t set_hash_invalid(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  machine.packet().skb.clear_hash();
  return skb_changed(machine, state, 0);
}

// (context, hash)
std::uint64_t set_hash(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  machine.packet().skb.hash = static_cast<std::uint32_t>(state.r[2]);
  machine.packet().skb.hashed = true;
  return skb_changed(machine, state, 0);
}

// (context, ifindex, flags): the copy goes out by, or comes in at, an interface. There is the
// program's own, which takes everything, and where the copy goes from there is not simulated.
std::uint64_t clone_redirect(Machine& machine, State& state) {
  constexpr std::uint64_t kIngress = 1;
  if (!skb_given(machine, state)) return 0;
  const auto ifindex = static_cast<std::uint32_t>(state.r[2]);
  const bool known = ifindex == machine.packet().parameters().ifindex;
  return (state.r[3] & ~kIngress) != 0 || !known ? error(-EINVAL) : 0;
}

// (context, offset, buffer, length, header): offset from the link or the network header.
std::uint64_t skb_load_bytes_relative(Machine& machine, State& state) {
  constexpr std::uint32_t kMac = 0, kNetwork = 1, kMostOffset = 0xffff;
  if (!skb_given(machine, state)) return 0;
  const auto offset = static_cast<std::uint32_t>(state.r[2]);
  const auto bytes = static_cast<std::uint32_t>(state.r[4]);
  const auto header = static_cast<std::uint32_t>(state.r[5]);
  auto* to = state.find<Access::write>(state.r[3], bytes);
  if (to == nullptr) {
    return state.refuse("skb_load_bytes_relative into memory that is not writable", state.r[3]);
  }
  Packet& packet = machine.packet();
  const std::uint8_t* from = nullptr;
  if (offset <= kMostOffset && (header == kMac || header == kNetwork)) {
    from = packet.at_header(header == kMac ? packet.skb.mac : packet.skb.network, offset, bytes);
  }
  if (from == nullptr) {
    std::memset(to, 0, bytes);
    return error(-EFAULT);
  }
  std::memcpy(to, from, bytes);
  return 0;
}

// 1 when the frame bears the mark "congestion experienced" now, 0 when it cannot.
std::uint64_t skb_ecn_set_ce(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  Packet& packet = machine.packet();
  const std::uint16_t protocol = inner_protocol(packet);
  if (protocol != kIpv4 && protocol != kIpv6) return 0;
  const std::uint32_t bytes = protocol == kIpv4 ? kIpv4Header : kIpv6Header;
  // The network header, wherever tags have left it.
  std::uint8_t* ip = packet.at_header(packet.skb.network, 0, bytes);
  if (ip == nullptr) return 0;
  return (protocol == kIpv4 ? mark_ipv4(ip) : mark_ipv6(ip)) ? 1 : 0;
}

}  // namespace ringbed::ebpf::helper
