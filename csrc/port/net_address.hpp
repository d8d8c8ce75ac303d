// An IP address as ports need it: four or sixteen bytes in network order. The full type is wire/'s,
// a layer that ports do not see.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace ringbed::port {

struct NetAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool v6 = false;

  // From 4 or 16 bytes; any other length gives 0.0.0.0.
  [[nodiscard]] static NetAddress from(base::ByteView wire) noexcept {
    NetAddress address;
    if (wire.size() == 4 || wire.size() == 16) {
      std::copy(wire.begin(), wire.end(), address.bytes.begin());
      address.v6 = wire.size() == 16;
    }
    return address;
  }
  [[nodiscard]] static NetAddress any(bool v6) noexcept {
    NetAddress address;
    address.v6 = v6;
    return address;
  }

  [[nodiscard]] std::size_t size() const noexcept { return v6 ? 16 : 4; }
  [[nodiscard]] base::ByteView view() const noexcept { return {bytes.data(), size()}; }
  [[nodiscard]] bool is_any() const noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  }
  [[nodiscard]] bool is_group() const noexcept {
    return v6 ? bytes[0] == 0xff : (bytes[0] & 0xf0U) == 0xe0U;
  }
  // The address `count` further on.
  [[nodiscard]] NetAddress after(std::uint32_t count) const noexcept {
    NetAddress next = *this;
    for (std::size_t i = size(); count != 0 && i > 0; --i) {
      count += next.bytes[i - 1];
      next.bytes[i - 1] = static_cast<std::uint8_t>(count);
      count >>= 8;
    }
    return next;
  }

  friend bool operator==(const NetAddress&, const NetAddress&) = default;
};

[[nodiscard]] inline std::string text_of(const NetAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}
// "/32" or "/128" behind it.
[[nodiscard]] inline std::string host_text_of(const NetAddress& address) {
  return text_of(address) + (address.v6 ? "/128" : "/32");
}

}  // namespace ringbed::port
