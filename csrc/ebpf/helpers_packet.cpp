// Helpers on the frame: redirects, adjusting its bounds, loads and stores, checksums.
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/map.hpp"

namespace ringbed::ebpf::helper {

bool context_given(State& state) {
  if (state.r[1] == address_of(kContextRegion, 0)) {
    return true;
  }
  state.refuse("a packet helper's context is not the program's context", state.r[1]);
  return false;
}

namespace {

// 32-bit one's complement arithmetic (include/net/checksum.h).
std::uint32_t add(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t sum = a + b;
  return sum + (sum < b ? 1 : 0);
}
std::uint32_t sub(std::uint32_t a, std::uint32_t b) { return add(a, ~b); }
std::uint16_t fold(std::uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
std::uint32_t partial(const std::uint8_t* from, std::uint64_t bytes, std::uint32_t sum) {
  std::uint64_t at = 0;
  for (; at + 4 <= bytes; at += 4) {
    sum = add(sum, base::load_native<std::uint32_t>(from + at));
  }
  if (at < bytes) {  // zeros fill the last word up
    std::uint32_t rest = 0;
    std::memcpy(&rest, from + at, bytes - at);
    sum = add(sum, rest);
  }
  return sum;
}

using Adjust = int (Packet::*)(std::int32_t);

std::uint64_t adjust(Machine& machine, State& state, Adjust how) {
  if (!context_given(state)) return 0;
  if (machine.packet().type() != ProgramType::xdp) {
    return state.refuse("a socket buffer's bounds are not moved by bpf_xdp_adjust_*");
  }
  const int result = (machine.packet().*how)(static_cast<std::int32_t>(state.r[2]));
  machine.packet_changed();
  return error(result);
}

}  // namespace

std::uint64_t redirect(Machine& machine, State& state) {
  Packet& packet = machine.packet();
  const bool xdp = packet.type() == ProgramType::xdp;
  if (xdp ? state.r[2] != 0 : (state.r[2] & ~std::uint64_t{1}) != 0) {
    return xdp ? xdp_action::aborted : tc_action::shot;
  }
  packet.redirect = {true, 0xffff'ffff, static_cast<std::uint32_t>(state.r[1]), state.r[2]};
  return xdp ? xdp_action::redirect : tc_action::redirect;
}

// (ifindex, parameters, their size, flags)
std::uint64_t redirect_neigh(Machine& machine, State& state) {
  constexpr std::uint64_t kParametersBytes = 20;  // struct bpf_redir_neigh
  if ((state.r[3] != 0 && state.r[3] < kParametersBytes) || state.r[4] != 0) return tc_action::shot;
  machine.packet().redirect = {true, 0xffff'ffff, static_cast<std::uint32_t>(state.r[1]), 0};
  return tc_action::redirect;
}

std::uint64_t redirect_peer(Machine& machine, State& state) {
  if (state.r[2] != 0) return tc_action::shot;
  machine.packet().redirect = {true, 0xffff'ffff, static_cast<std::uint32_t>(state.r[1]), 0};
  return tc_action::redirect;
}

// A miss returns the action in the low bits of flags.
std::uint64_t redirect_map(Machine& machine, State& state) {
  const Map* map = machine.map_of_handle(state.r[1]);
  constexpr std::uint64_t kActions = 3;
  constexpr std::uint64_t kBroadcast = 8;
  constexpr std::uint64_t kExcludeIngress = 16;
  const MapType type = map == nullptr ? MapType::unspecified : map->spec().type;
  const bool device = type == MapType::devmap || type == MapType::devmap_hash;
  if (!device && type != MapType::cpumap && type != MapType::xskmap) {
    return state.refuse("bpf_redirect_map on a map that redirects nothing", state.r[1]);
  }
  const std::uint64_t allowed = kActions | (device ? kBroadcast | kExcludeIngress : 0);
  if ((state.r[3] & ~allowed) != 0) return xdp_action::aborted;
  const RedirectSlot slot = map->redirect_slot(state.r[2]);
  if (!slot.found && (state.r[3] & kBroadcast) == 0) return state.r[3] & kActions;
  machine.packet().redirect = {true, map->number(), slot.value, state.r[3]};
  return xdp_action::redirect;
}

std::uint64_t xdp_adjust_head(Machine& machine, State& state) {
  return adjust(machine, state, &Packet::adjust_head);
}
std::uint64_t xdp_adjust_tail(Machine& machine, State& state) {
  return adjust(machine, state, &Packet::adjust_tail);
}
std::uint64_t xdp_adjust_meta(Machine& machine, State& state) {
  return adjust(machine, state, &Packet::adjust_meta);
}

std::uint64_t xdp_get_buff_len(Machine& machine, State& state) {
  return context_given(state) ? machine.packet().length() : 0;
}

// (context, offset, buffer, length): XDP's and the socket buffer's, whose store takes flags as
// well.
std::uint64_t load_bytes(Machine& machine, State& state) {
  if (!context_given(state)) return 0;
  const auto bytes = static_cast<std::uint32_t>(state.r[4]);
  auto* to = state.find<Access::write>(state.r[3], bytes);
  if (to == nullptr) return state.refuse("load_bytes into memory that is not writable", state.r[3]);
  const int result = machine.packet().load(static_cast<std::uint32_t>(state.r[2]), to, bytes);
  if (result != 0 && machine.packet().type() != ProgramType::xdp) {
    std::memset(to, 0, bytes);  // only the socket buffer's helper does
  }
  return error(result);
}
std::uint64_t store_bytes(Machine& machine, State& state) {
  if (!context_given(state)) return 0;
  const auto bytes = static_cast<std::uint32_t>(state.r[4]);
  const auto* from = state.find<Access::read>(state.r[3], bytes);
  if (from == nullptr)
    return state.refuse("store_bytes from memory that is not readable", state.r[3]);
  // No NIC has given a checksum that could be recomputed.
  constexpr std::uint64_t kRecomputeChecksum = 1, kInvalidateHash = 2;
  const std::uint64_t flags = machine.packet().type() == ProgramType::xdp ? 0 : state.r[5];
  if ((flags & ~(kRecomputeChecksum | kInvalidateHash)) != 0) return error(-EINVAL);
  const int result = machine.packet().store(static_cast<std::uint32_t>(state.r[2]), from, bytes);
  if (result == 0 && (flags & kInvalidateHash) != 0) return set_hash_invalid(machine, state);
  return error(result);
}

// (context, bytes): the socket buffer's first bytes made linear; these always are.
std::uint64_t skb_pull_data(Machine& machine, State& state) {
  if (!context_given(state)) return 0;
  return static_cast<std::uint32_t>(state.r[2]) > machine.packet().length() ? error(-ENOMEM) : 0;
}

// (context, ifindex, length, difference, flags): whether the frame fits the interface's MTU. An L3
// length other than 0 stands for the frame's; it becomes the MTU.
std::uint64_t check_mtu(Machine& machine, State& state) {
  constexpr std::uint32_t kEthernetHeader = 14;
  constexpr std::uint64_t kFragmentationNeeded = 1;
  constexpr std::uint64_t kSegments = 1;
  if (!context_given(state)) return 0;
  std::uint8_t* given = state.find<Access::write>(state.r[3], 4);
  if (given == nullptr) return state.refuse("check_mtu's length lies outside", state.r[3]);
  const Packet& packet = machine.packet();
  const auto length = base::load_native<std::uint32_t>(given);
  const auto difference = static_cast<std::int32_t>(state.r[4]);
  const std::uint64_t flags = state.r[5];
  const bool xdp = packet.type() == ProgramType::xdp;
  if ((flags & ~(xdp ? 0 : kSegments)) != 0 || (flags != 0 && (length != 0 || difference != 0))) {
    return error(-EINVAL);
  }
  const auto ifindex = static_cast<std::uint32_t>(state.r[2]);
  if (ifindex != 0 && ifindex != packet.parameters().ifindex) return error(-ENODEV);
  const std::uint32_t mtu = packet.parameters().mtu;
  const std::uint32_t frame = length != 0 ? length + kEthernetHeader
                              : xdp       ? packet.linear_length()
                                          : packet.length();
  base::store_native(given, mtu);
  const auto after = static_cast<std::int32_t>(frame + static_cast<std::uint32_t>(difference));
  return after > static_cast<std::int32_t>(mtu + kEthernetHeader) ? kFragmentationNeeded : 0;
}

// Only a frame whose checksum the hardware gave whole (CHECKSUM_COMPLETE) has something to update.
std::uint64_t csum_update(Machine&, State& state) {
  return context_given(state) ? error(kNotSupported) : 0;
}

// (from, from_size, to, to_size, seed); folded to 16 bits and of any size, as kernels since 6.13
// do.
std::uint64_t csum_diff(Machine&, State& state) {
  const std::uint64_t from_bytes = static_cast<std::uint32_t>(state.r[2]);
  const std::uint64_t to_bytes = static_cast<std::uint32_t>(state.r[4]);
  const auto seed = static_cast<std::uint32_t>(state.r[5]);
  const std::uint8_t* from = nullptr;
  const std::uint8_t* to = nullptr;
  if (from_bytes != 0 && (from = state.find<Access::read>(state.r[1], from_bytes)) == nullptr) {
    return state.refuse("bpf_csum_diff reads outside", state.r[1]);
  }
  if (to_bytes != 0 && (to = state.find<Access::read>(state.r[3], to_bytes)) == nullptr) {
    return state.refuse("bpf_csum_diff reads outside", state.r[3]);
  }
  std::uint32_t sum = seed;
  if (from_bytes != 0 && to_bytes != 0) {
    sum = sub(partial(to, to_bytes, seed), partial(from, from_bytes, 0));
  } else if (to_bytes != 0) {
    sum = partial(to, to_bytes, seed);
  } else if (from_bytes != 0) {
    sum = ~partial(from, from_bytes, ~seed);
  }
  sum += (sum >> 16) | (sum << 16);
  return sum >> 16;
}

namespace {

constexpr std::uint64_t kFieldSize = 0xf;
constexpr std::uint64_t kPseudoHeader = 0x10;
constexpr std::uint64_t kMarkMangledZero = 0x20;
constexpr std::uint64_t kMarkEnforce = 0x40;

// The checksum of `flags & kFieldSize` bytes that changed from `from` to `to`.
int replace(std::uint8_t* checksum, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
  const std::uint32_t old = ~std::uint32_t{base::load_native<std::uint16_t>(checksum)};
  switch (bytes) {
    case 0:
      if (from != 0) return -EINVAL;
      base::store_native(checksum, fold(add(static_cast<std::uint32_t>(to), old)));
      return 0;
    case 2:
      base::store_native(checksum, fold(add(sub(old, static_cast<std::uint16_t>(from)),
                                            static_cast<std::uint16_t>(to))));
      return 0;
    case 4:
      base::store_native(checksum, fold(add(sub(old, static_cast<std::uint32_t>(from)),
                                            static_cast<std::uint32_t>(to))));
      return 0;
    default: return -EINVAL;
  }
}

// The two bytes of the checksum at r2, or nullptr.
std::uint8_t* checksum_field(Machine& machine, State& state) {
  const auto offset = static_cast<std::uint32_t>(state.r[2]);
  return offset > 0xffff || (offset & 1) != 0 ? nullptr : machine.packet().linear(offset, 2);
}

}  // namespace

std::uint64_t l3_csum_replace(Machine& machine, State& state) {
  if (!context_given(state)) return 0;
  if ((state.r[5] & ~kFieldSize) != 0) return error(-EINVAL);
  std::uint8_t* field = checksum_field(machine, state);
  if (field == nullptr) return error(-EFAULT);
  return error(replace(field, state.r[3], state.r[4], state.r[5] & kFieldSize));
}

std::uint64_t l4_csum_replace(Machine& machine, State& state) {
  if (!context_given(state)) return 0;
  const std::uint64_t flags = state.r[5];
  if ((flags & ~(kFieldSize | kPseudoHeader | kMarkMangledZero | kMarkEnforce)) != 0) {
    return error(-EINVAL);
  }
  std::uint8_t* field = checksum_field(machine, state);
  if (field == nullptr) return error(-EFAULT);
  const bool mangled_zero = (flags & kMarkMangledZero) != 0;
  if (mangled_zero && (flags & kMarkEnforce) == 0 && base::load_native<std::uint16_t>(field) == 0) {
    return 0;
  }
  const int result = replace(field, state.r[3], state.r[4], flags & kFieldSize);
  if (result == 0 && mangled_zero && base::load_native<std::uint16_t>(field) == 0) {
    base::store_native<std::uint16_t>(field, 0xffff);
  }
  return error(result);
}

}  // namespace ringbed::ebpf::helper
