// The LINKTYPE_ numbers of www.tcpdump.org/linktypes.html that have a dissector: what a captured
// frame begins with.
#pragma once

#include <cstdint>

namespace ringbed::wire::link_type {

inline constexpr std::uint16_t kNull = 0;  // BSD loopback, family in the capturing host's order
inline constexpr std::uint16_t kEthernet = 1;
inline constexpr std::uint16_t kRawIp = 101;
inline constexpr std::uint16_t kRawIpBsd = 12;      // the numbers that some systems write
inline constexpr std::uint16_t kRawIpOpenBsd = 14;  // instead of 101
inline constexpr std::uint16_t kLoop = 108;         // OpenBSD loopback, family in network order
inline constexpr std::uint16_t kLinuxSll = 113;     // "cooked", as of `tcpdump -i any`
inline constexpr std::uint16_t kIpv4 = 228;
inline constexpr std::uint16_t kIpv6 = 229;
inline constexpr std::uint16_t kLinuxSll2 = 276;

// The frame begins with an IPv4 or IPv6 header, told apart by the version.
[[nodiscard]] constexpr bool is_raw_ip(std::uint16_t type) noexcept {
  return type == kRawIp || type == kRawIpBsd || type == kRawIpOpenBsd || type == kIpv4 ||
         type == kIpv6;
}

}  // namespace ringbed::wire::link_type
