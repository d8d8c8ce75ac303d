// Helpers that make a socket buffer's frame longer or shorter: at its end, at its begin, and
// between the headers, where a tunnel's go in and come out.
#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

constexpr std::uint32_t kMostBytes = 16'384 - 320;  // SKB_MAX_ALLOC
constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
constexpr std::uint32_t kIpv4Header = 20, kIpv6Header = 40, kEthernetHeader = 14;

// Whole headers stay in the frame.
std::uint32_t least_bytes(const Packet& packet) {
  const std::uint16_t last =
      packet.skb.transport == SocketBuffer::kUnset ? packet.skb.network : packet.skb.transport;
  const std::int32_t offset = packet.offset_of(last);
  if (offset > 0) return static_cast<std::uint32_t>(offset);
  return static_cast<std::uint32_t>(std::max(packet.offset_of(packet.skb.network), 0));
}

// Both ways, the headers before the gap go along, and a transport header that nobody told from the
// network header stays with that.
void move_headers(SocketBuffer& skb, std::int32_t by) {
  const bool same = skb.transport == skb.network;
  skb.mac = static_cast<std::uint16_t>(skb.mac + by);
  skb.network = static_cast<std::uint16_t>(skb.network + by);
  if (same) skb.transport = skb.network;
}
int grow(Packet& packet, std::uint32_t offset, std::uint32_t bytes) {
  if (!packet.open_gap(offset, bytes)) return kBehindTheFrame;
  move_headers(packet.skb, -static_cast<std::int32_t>(bytes));
  return 0;
}
int shrink(Packet& packet, std::uint32_t offset, std::uint32_t bytes) {
  if (!packet.close_gap(offset, bytes)) return -ENOMEM;
  move_headers(packet.skb, static_cast<std::int32_t>(bytes));
  return 0;
}

int change_tail(Packet& packet, std::uint32_t bytes, std::uint64_t flags) {
  if (flags != 0 || bytes > kMostBytes || bytes < least_bytes(packet)) return -EINVAL;
  if (packet.skb.encapsulation) return kNotSupported;
  packet.resize(bytes);
  return 0;
}

int change_head(Packet& packet, std::uint32_t bytes, std::uint64_t flags) {
  if (flags != 0 || bytes > kMostBytes || packet.length() + bytes > kMostBytes) return -EINVAL;
  if (!packet.open_gap(0, bytes)) return kBehindTheFrame;
  packet.skb.mac = packet.header_at(0);
  packet.skb.mac_bytes = packet.mac_header_bytes();
  return 0;
}

int change_proto(Packet& packet, std::uint16_t to, std::uint64_t flags) {
  constexpr std::uint32_t kDifference = kIpv6Header - kIpv4Header;
  if (flags != 0) return -EINVAL;
  const std::uint16_t from = packet.skb.protocol;
  const std::uint32_t offset = packet.mac_header_bytes();
  const bool up = from == kIpv4 && to == kIpv6;
  if (!up && (from != kIpv6 || to != kIpv4)) return kNotSupported;
  const int result = up ? grow(packet, offset, kDifference) : shrink(packet, offset, kDifference);
  if (result != 0) return result;
  packet.skb.protocol = to;
  packet.skb.clear_hash();
  return 0;
}

// BPF_F_ADJ_ROOM_*
constexpr std::uint64_t kFixedGso = 1 << 0;
constexpr std::uint64_t kAroundIpv4 = 1 << 1, kAroundIpv6 = 1 << 2;
constexpr std::uint64_t kAroundGre = 1 << 3, kAroundUdp = 1 << 4;
constexpr std::uint64_t kNoChecksumReset = 1 << 5;
constexpr std::uint64_t kAroundEthernet = 1 << 6;
constexpr std::uint64_t kOutOfIpv4 = 1 << 7, kOutOfIpv6 = 1 << 8;
constexpr unsigned kInnerMacShift = 56;
constexpr std::uint64_t kAround = kAroundIpv4 | kAroundIpv6;
constexpr std::uint64_t kOutOf = kOutOfIpv4 | kOutOfIpv6;
constexpr std::uint64_t kShrinkFlags = kFixedGso | kNoChecksumReset | kOutOf;
constexpr std::uint64_t kFlags = kShrinkFlags | kAround | kAroundGre | kAroundUdp |
                                 kAroundEthernet | std::uint64_t{0xff} << kInnerMacShift;

std::uint32_t base_bytes(std::uint16_t protocol) {
  return protocol == kIpv4 ? kIpv4Header : kIpv6Header;
}

int check_encapsulation(const SocketBuffer& skb, std::uint32_t bytes, std::uint64_t flags) {
  const auto both = [flags](std::uint64_t pair) { return (flags & pair) == pair; };
  const std::uint64_t inner_mac = flags >> kInnerMacShift;
  if (both(kAround) || both(kAroundGre | kAroundUdp) ||
      ((flags & kAroundEthernet) != 0 && inner_mac < kEthernetHeader)) {
    return -EINVAL;
  }
  if (skb.encapsulation) return -EALREADY;
  return inner_mac > bytes ? -EINVAL : 0;
}

int grow_room(Packet& packet, std::uint32_t offset, std::uint32_t bytes, std::uint64_t flags) {
  SocketBuffer& skb = packet.skb;
  const bool around = (flags & kAround) != 0;
  if (around) {
    if (const int result = check_encapsulation(skb, bytes, flags); result != 0) return result;
  }
  const std::uint32_t mac_bytes = packet.mac_header_bytes();
  if (const int result = grow(packet, offset, bytes); result != 0 || !around) return result;
  const bool ipv6 = (flags & kAroundIpv6) != 0;
  skb.encapsulation = true;
  skb.network = packet.header_at(mac_bytes);
  if ((flags & (kAroundGre | kAroundUdp)) != 0) {
    skb.transport = packet.header_at(mac_bytes + (ipv6 ? kIpv6Header : kIpv4Header));
  }
  skb.protocol = ipv6 ? kIpv6 : kIpv4;
  return 0;
}

int shrink_room(Packet& packet, std::uint32_t offset, std::uint32_t bytes, std::uint64_t flags) {
  if ((flags & ~kShrinkFlags) != 0) return -EINVAL;
  if (const int result = shrink(packet, offset, bytes); result != 0) return result;
  if ((flags & kOutOf) != 0) packet.skb.protocol = (flags & kOutOfIpv6) != 0 ? kIpv6 : kIpv4;
  return 0;
}

int adjust_room(Packet& packet, std::int32_t difference, std::uint32_t mode, std::uint64_t flags) {
  constexpr std::uint32_t kMostDifference = 0xfff;
  constexpr std::uint32_t kBehindNetwork = 0, kBehindMac = 1;
  const bool shrinks = difference < 0;
  const std::uint32_t bytes =
      shrinks ? 0 - static_cast<std::uint32_t>(difference) : static_cast<std::uint32_t>(difference);
  const std::uint16_t protocol = packet.skb.protocol;
  if ((flags & ~kFlags) != 0) return -EINVAL;
  if (bytes > kMostDifference) return -EFAULT;
  if ((protocol != kIpv4 && protocol != kIpv6) || mode > kBehindMac) return kNotSupported;
  std::uint32_t least = base_bytes(protocol);
  const std::uint32_t offset = packet.mac_header_bytes() + (mode == kBehindNetwork ? least : 0);
  if ((flags & kOutOf) != 0) {
    if (!shrinks || (flags & kOutOf) == kOutOf) return -EINVAL;
    least = (flags & kOutOfIpv6) != 0 ? kIpv6Header : kIpv4Header;
  }
  const std::uint32_t now =
      packet.length() - static_cast<std::uint32_t>(packet.offset_of(packet.skb.network));
  if (shrinks ? bytes >= now || now - bytes < least : packet.length() + bytes > kMostBytes) {
    return kNotSupported;
  }
  return shrinks ? shrink_room(packet, offset, bytes, flags)
                 : grow_room(packet, offset, bytes, flags);
}

}  // namespace

// (context, bytes, flags): the frame's new length.
std::uint64_t skb_change_tail(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  const int result =
      change_tail(machine.packet(), static_cast<std::uint32_t>(state.r[2]), state.r[3]);
  return skb_changed(machine, state, result);
}

// (context, bytes, flags): zeros before the frame.
std::uint64_t skb_change_head(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  const int result =
      change_head(machine.packet(), static_cast<std::uint32_t>(state.r[2]), state.r[3]);
  return skb_changed(machine, state, result);
}

// (context, protocol in network order, flags): an IPv4 header's room becomes an IPv6 header's, or
// the other way round.
std::uint64_t skb_change_proto(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  const int result = change_proto(
      machine.packet(), base::network_order(static_cast<std::uint16_t>(state.r[2])), state.r[3]);
  return skb_changed(machine, state, result);
}

// (context, difference, mode, flags): room behind the link header, or behind the network header.
std::uint64_t skb_adjust_room(Machine& machine, State& state) {
  if (!skb_given(machine, state)) return 0;
  const int result = adjust_room(machine.packet(), static_cast<std::int32_t>(state.r[2]),
                                 static_cast<std::uint32_t>(state.r[3]), state.r[4]);
  return skb_changed(machine, state, result);
}

}  // namespace ringbed::ebpf::helper
