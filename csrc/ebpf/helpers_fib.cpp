// bpf_fib_lookup over the environment's routes (net/core/filter.c; struct bpf_fib_lookup).
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

// Offsets in struct bpf_fib_lookup.
constexpr std::uint32_t kFamily = 0, kTotalLength = 6, kIfindex = 8, kSource = 16,
                        kDestination = 32, kSourceMac = 52, kDestinationMac = 58,
                        kParametersBytes = 64;
constexpr std::uint64_t kSuccess = 0, kNotForwarded = 4, kForwardingDisabled = 5,
                        kFragmentationNeeded = 8;
constexpr std::uint8_t kInet = 2, kInet6 = 10;

bool covers(const FibRoute& route, const std::uint8_t* address) {
  for (std::uint32_t bit = 0; bit < route.prefix_bits; ++bit) {
    const unsigned mask = 0x80u >> (bit % 8);
    if (((route.prefix[bit / 8] ^ address[bit / 8]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

// Groups, link-local addresses and the loopback address, which no router forwards (RFC 4291).
bool stays_on_link(const std::uint8_t* ipv6) {
  constexpr std::array<std::uint8_t, 16> kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ipv6[0] == 0xff || (ipv6[0] == 0xfe && (ipv6[1] & 0xc0) == 0x80) ||
         std::equal(kLoopback.begin(), kLoopback.end(), ipv6);
}

}  // namespace

std::uint64_t fib_lookup(Machine& machine, State& state) {
  const auto bytes = static_cast<std::uint32_t>(state.r[3]);
  auto* parameters = state.find<Access::write>(state.r[2], bytes);
  if (parameters == nullptr) {
    return state.refuse("bpf_fib_lookup's parameters lie outside", state.r[2]);
  }
  constexpr std::uint64_t kKnownFlags = 0x3f;
  if (bytes < kParametersBytes || (state.r[4] & ~kKnownFlags) != 0) {
    return static_cast<std::uint64_t>(std::int64_t{-EINVAL});
  }
  const std::uint8_t family = parameters[kFamily];
  if (family != kInet && family != kInet6) {
    return static_cast<std::uint64_t>(std::int64_t{-EAFNOSUPPORT});
  }
  // Said before the interface is looked at.
  if (family == kInet6 &&
      (stays_on_link(parameters + kDestination) || stays_on_link(parameters + kSource))) {
    return kNotForwarded;
  }
  if (machine.environment().routes.empty()) {
    // No router: the frame's own interface is the only one, and it forwards nothing.
    const bool own = base::load_native<std::uint32_t>(parameters + kIfindex) ==
                     machine.packet().parameters().ifindex;
    return own ? kForwardingDisabled : static_cast<std::uint64_t>(std::int64_t{-ENODEV});
  }
  const FibRoute* best = nullptr;
  for (const FibRoute& route : machine.environment().routes) {
    if (route.ipv6 == (family == kInet6) && covers(route, parameters + kDestination) &&
        (best == nullptr || route.prefix_bits > best->prefix_bits)) {
      best = &route;
    }
  }
  if (best == nullptr) {
    return kNotForwarded;
  }
  if (base::load_native<std::uint16_t>(parameters + kTotalLength) > best->mtu) {
    base::store_native(parameters + kTotalLength, static_cast<std::uint16_t>(best->mtu));
    return kFragmentationNeeded;
  }
  base::store_native(parameters + kIfindex, best->ifindex);
  std::memcpy(parameters + kSourceMac, best->source_mac.data(), 6);
  std::memcpy(parameters + kDestinationMac, best->destination_mac.data(), 6);
  return kSuccess;
}

}  // namespace ringbed::ebpf::helper
