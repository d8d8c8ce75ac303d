// The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3).
// A partial sum is a plain integer in memory byte order: the one's-complement sum commutes with
// a byte swap (RFC 1071 section 2B), so words are added as loaded, 8 bytes at a time, and the
// order is put right once, in finish(). Short inputs (headers) are summed inline; long ones go
// through the widest SIMD that this CPU has, chosen at the first call.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "wire/address.hpp"

namespace ringbed::wire {

using base::ByteView;

// A one's-complement sum that is not folded yet: any value congruent to it modulo 2^16 - 1.
// add() never loses a carry, so sums of any length and number combine.
class PartialSum {
 public:
  constexpr PartialSum() noexcept = default;
  constexpr explicit PartialSum(std::uint64_t raw) noexcept : raw_(raw) {}

  constexpr void add_raw(std::uint64_t words) noexcept {
    raw_ += words;
    raw_ += static_cast<std::uint64_t>(raw_ < words);  // end-around carry
  }
  constexpr void add(PartialSum other) noexcept { add_raw(other.raw_); }

  // Adds a sum that began at an odd offset of the data: its bytes are swapped (RFC 1071 2B).
  constexpr void add_at_odd(PartialSum other) noexcept {
    add_raw(base::byte_swap(other.folded_native()));
  }

  // Adds a big-endian 16-bit word, given in host order.
  constexpr void add_word(std::uint16_t word) noexcept {
    add_raw(std::endian::native == std::endian::little ? base::byte_swap(word) : word);
  }

  // The 16-bit one's-complement sum in memory order.
  [[nodiscard]] constexpr std::uint16_t folded_native() const noexcept {
    // Adding a word's halves to each other leaves, in the upper one, their end-around sum.
    const auto half = static_cast<std::uint32_t>((raw_ + std::rotl(raw_, 32)) >> 32);
    return static_cast<std::uint16_t>((half + std::rotl(half, 16)) >> 16);
  }
  // The same in host order.
  [[nodiscard]] constexpr std::uint16_t folded() const noexcept {
    const std::uint16_t sum = folded_native();
    return std::endian::native == std::endian::little ? base::byte_swap(sum) : sum;
  }
  // The checksum field: the complement of the sum, in host order (store it with store_be).
  [[nodiscard]] constexpr std::uint16_t finish() const noexcept {
    return static_cast<std::uint16_t>(~folded());
  }
  // Data that includes a right checksum sums to 0xffff.
  [[nodiscard]] constexpr bool verifies() const noexcept { return folded_native() == 0xffff; }

  [[nodiscard]] constexpr std::uint64_t raw() const noexcept { return raw_; }

 private:
  std::uint64_t raw_ = 0;
};

namespace detail {
inline constexpr std::size_t kInlineSumBytes = 128;
[[nodiscard]] std::uint64_t sum_long(const std::uint8_t* from, std::size_t count) noexcept;

// Sums 8 bytes at a time, then the tail. Any alignment; an odd last byte is padded with zero.
[[nodiscard]] inline std::uint64_t sum_short(const std::uint8_t* from, std::size_t count) noexcept {
  PartialSum sum;
  for (; count >= 8; from += 8, count -= 8) {
    sum.add_raw(base::load_native<std::uint64_t>(from));
  }
  if ((count & 4) != 0) {
    sum.add_raw(base::load_native<std::uint32_t>(from));
    from += 4;
  }
  if ((count & 2) != 0) {
    sum.add_raw(base::load_native<std::uint16_t>(from));
    from += 2;
  }
  if ((count & 1) != 0) {
    sum.add_raw(std::endian::native == std::endian::little ? *from
                                                           : static_cast<unsigned>(*from) << 8);
  }
  return sum.raw();
}
}  // namespace detail

// The sum of `bytes` as 16-bit words from its first byte. O(n).
[[nodiscard]] inline PartialSum sum(ByteView bytes) noexcept {
  return PartialSum(bytes.size() <= detail::kInlineSumBytes
                        ? detail::sum_short(bytes.data(), bytes.size())
                        : detail::sum_long(bytes.data(), bytes.size()));
}

// RFC 1071 checksum of `bytes` (with its checksum field zero, if it has one), host order.
[[nodiscard]] inline std::uint16_t checksum(ByteView bytes) noexcept { return sum(bytes).finish(); }

// Pseudo-header sums: IPv4 (RFC 768, 9293), IPv6 (RFC 8200 section 8.1). `length` is the
// length of the transport header and its data.
[[nodiscard]] constexpr PartialSum pseudo_sum(Ipv4Address src, Ipv4Address dst,
                                              std::uint8_t protocol,
                                              std::uint32_t length) noexcept {
  // Added in host order and swapped once, as 16-bit sums commute with the swap.
  const std::uint64_t words = std::uint64_t{src.value} + dst.value + protocol + length;
  const PartialSum host(words);
  PartialSum result;
  result.add_word(host.folded_native());
  return result;
}
[[nodiscard]] inline PartialSum pseudo_sum(const Ipv6Address& src, const Ipv6Address& dst,
                                           std::uint8_t next_header,
                                           std::uint32_t length) noexcept {
  PartialSum result(detail::sum_short(src.bytes.data(), 16));
  result.add_raw(detail::sum_short(dst.bytes.data(), 16));
  const std::uint64_t words = std::uint64_t{length} + next_header;
  result.add_word(PartialSum(words).folded_native());
  return result;
}

// The checksum after a 16-bit word (at an even offset) changed from `before` to `after`, all in
// host order: HC' = ~(~HC + ~m + m') (RFC 1624 equation 3; RFC 1141's form gives 0xffff where
// 0x0000 is right).
[[nodiscard]] constexpr std::uint16_t update_checksum(std::uint16_t checksum, std::uint16_t before,
                                                      std::uint16_t after) noexcept {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
// The same for a 32-bit field (an address, a sequence number) at an even offset.
[[nodiscard]] constexpr std::uint16_t update_checksum(std::uint16_t checksum, std::uint32_t before,
                                                      std::uint32_t after) noexcept {
  const std::uint16_t high = update_checksum(checksum, static_cast<std::uint16_t>(before >> 16),
                                             static_cast<std::uint16_t>(after >> 16));
  return update_checksum(high, static_cast<std::uint16_t>(before & 0xffff),
                         static_cast<std::uint16_t>(after & 0xffff));
}

// The implementations that this build has, best first: name and whether this CPU runs it. All give
// sums that fold to the same value; tests and the benchmark walk the list.
struct SumImplementation {
  const char* name;
  bool available;
  std::uint64_t (*sum)(const std::uint8_t* from, std::size_t count) noexcept;
};
[[nodiscard]] std::span<const SumImplementation> sum_implementations() noexcept;
// The one that sum() uses for long inputs.
[[nodiscard]] const SumImplementation& chosen_sum_implementation() noexcept;

}  // namespace ringbed::wire
