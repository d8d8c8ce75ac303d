// The Toeplitz hash of receive side scaling, as Microsoft's RSS specification defines it and NICs
// compute it: for each set bit i of the input, the hash takes the key's bits [i, i + 32). The
// contribution of every byte value at every position is tabulated once a key, so that hashing
// costs one load and one XOR a byte.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "wire/address.hpp"

namespace ringbed::wire {

class Toeplitz {
 public:
  static constexpr std::size_t kKeyBytes = 40;
  static constexpr std::size_t kMaxInputBytes = 36;  // two IPv6 addresses and two ports
  using Key = std::array<std::uint8_t, kKeyBytes>;

  // The key of Microsoft's verification suite, the default of most drivers.
  static const Key kStandardKey;
  // 6d5a repeated: both directions of a flow hash alike (Woo, Park 2012).
  static const Key kSymmetricKey;

  // Builds the tables: 36 KiB, about 50 us. Not for the hot path.
  explicit Toeplitz(const Key& key = kStandardKey);

  // Input as on the wire: source address, destination address, [source port, destination port].
  // Precondition: input.size() <= kMaxInputBytes. One load a byte.
  [[nodiscard]] std::uint32_t hash(std::span<const std::uint8_t> input) const noexcept {
    std::uint32_t result = 0;
    const auto& tables = *tables_;
    for (std::size_t i = 0; i < input.size(); ++i) {
      result ^= tables[i][input[i]];
    }
    return result;
  }

  // TCP and UDP over IPv4; fragments and other protocols hash the addresses only.
  [[nodiscard]] std::uint32_t hash(Ipv4Address src, Ipv4Address dst, std::uint16_t src_port,
                                   std::uint16_t dst_port) const noexcept {
    return hash(src, dst) ^ ports(8, src_port, dst_port);
  }
  [[nodiscard]] std::uint32_t hash(Ipv4Address src, Ipv4Address dst) const noexcept {
    return word(0, src.value) ^ word(4, dst.value);
  }
  [[nodiscard]] std::uint32_t hash(const Ipv6Address& src, const Ipv6Address& dst,
                                   std::uint16_t src_port, std::uint16_t dst_port) const noexcept {
    return hash(src, dst) ^ ports(32, src_port, dst_port);
  }
  [[nodiscard]] std::uint32_t hash(const Ipv6Address& src, const Ipv6Address& dst) const noexcept {
    std::uint32_t result = 0;
    const auto& tables = *tables_;
    for (std::size_t i = 0; i < 16; ++i) {
      result ^= tables[i][src.bytes[i]] ^ tables[16 + i][dst.bytes[i]];
    }
    return result;
  }

 private:
  using Tables = std::array<std::array<std::uint32_t, 256>, kMaxInputBytes>;

  [[nodiscard]] std::uint32_t word(std::size_t at, std::uint32_t value) const noexcept {
    const auto& tables = *tables_;
    return tables[at][value >> 24] ^ tables[at + 1][value >> 16 & 0xff] ^
           tables[at + 2][value >> 8 & 0xff] ^ tables[at + 3][value & 0xff];
  }
  [[nodiscard]] std::uint32_t ports(std::size_t at, std::uint16_t src,
                                    std::uint16_t dst) const noexcept {
    return word(at, static_cast<std::uint32_t>(src) << 16 | dst);
  }

  std::shared_ptr<const Tables> tables_;  // shared by copies: read-only
};

}  // namespace ringbed::wire
