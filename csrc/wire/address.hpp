// MAC, IPv4 and IPv6 addresses: small values, compared and copied, with their text forms
// (MAC as aa:bb:cc:dd:ee:ff, IPv6 after RFC 5952), and the multicast mappings of
// RFC 1112 section 6.4 and RFC 2464 section 7.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/endian.hpp"

namespace ringbed::wire {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  auto operator<=>(const MacAddress&) const = default;
  // The group bit: multicast and broadcast.
  [[nodiscard]] constexpr bool is_group() const noexcept { return (bytes[0] & 1) != 0; }
  [[nodiscard]] constexpr bool is_broadcast() const noexcept {
    return *this == MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  }
  [[nodiscard]] static MacAddress load(const std::uint8_t* from) noexcept {
    MacAddress mac;
    std::memcpy(mac.bytes.data(), from, 6);
    return mac;
  }
  void store(std::uint8_t* to) const noexcept { std::memcpy(to, bytes.data(), 6); }
};

struct Ipv4Address {
  std::uint32_t value = 0;  // host order: 10.0.0.1 is 0x0a000001

  auto operator<=>(const Ipv4Address&) const = default;
  [[nodiscard]] constexpr bool is_zero() const noexcept { return value == 0; }
  [[nodiscard]] constexpr bool is_multicast() const noexcept { return value >> 28 == 0xe; }
  [[nodiscard]] constexpr bool is_broadcast() const noexcept { return value == 0xffff'ffff; }
  [[nodiscard]] static Ipv4Address load(const std::uint8_t* from) noexcept {
    return {base::load_be<std::uint32_t>(from)};
  }
  void store(std::uint8_t* to) const noexcept { base::store_be(to, value); }
};

struct Ipv6Address {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Ipv6Address&) const = default;
  [[nodiscard]] constexpr bool is_multicast() const noexcept { return bytes[0] == 0xff; }
  [[nodiscard]] constexpr bool is_unspecified() const noexcept { return *this == Ipv6Address{}; }
  [[nodiscard]] static Ipv6Address load(const std::uint8_t* from) noexcept {
    Ipv6Address ip;
    std::memcpy(ip.bytes.data(), from, 16);
    return ip;
  }
  void store(std::uint8_t* to) const noexcept { std::memcpy(to, bytes.data(), 16); }
};

// 01:00:5e and the low 23 bits of the group (RFC 1112): 32 groups share one MAC address.
[[nodiscard]] constexpr MacAddress multicast_mac(Ipv4Address group) noexcept {
  return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group.value >> 16 & 0x7f),
           static_cast<std::uint8_t>(group.value >> 8 & 0xff),
           static_cast<std::uint8_t>(group.value & 0xff)}};
}

// 33:33 and the low 32 bits of the group (RFC 2464).
[[nodiscard]] constexpr MacAddress multicast_mac(const Ipv6Address& group) noexcept {
  return {{0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]}};
}

inline constexpr std::size_t kMacTextBytes = 17;
inline constexpr std::size_t kIpv4TextBytes = 15;
inline constexpr std::size_t kIpv6TextBytes = 39;

// Each writes the text at `to` (no terminator; room for k…TextBytes) and returns its end.
char* format(MacAddress mac, char* to) noexcept;
char* format(Ipv4Address ip, char* to) noexcept;
char* format(const Ipv6Address& ip, char* to) noexcept;

[[nodiscard]] std::string to_string(MacAddress mac);
[[nodiscard]] std::string to_string(Ipv4Address ip);
[[nodiscard]] std::string to_string(const Ipv6Address& ip);

// Nothing when the text is not exactly one address.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);
[[nodiscard]] std::optional<Ipv4Address> parse_ipv4(std::string_view text);
[[nodiscard]] std::optional<Ipv6Address> parse_ipv6(std::string_view text);

}  // namespace ringbed::wire
