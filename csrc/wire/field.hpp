// One row describes one header field: where its bits are and how to show them. A protocol's
// table of rows drives `ringbed decode`, the generator's field setters and the fuzz arbitraries,
// so that a field is described once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/endian.hpp"

namespace ringbed::wire {

enum class FieldType : std::uint8_t {
  uint,
  mac,
  ipv4,
  ipv6,
  ascii,
  bytes,
  boolean,
  host_uint,     // in the byte order of whoever wrote it: the one that gives the smaller number
  presumed,      // not in the header: true where the layer's length is presumed, else absent
  link_address,  // as long as the byte before it says: of 6 bytes a MAC, of 4 IPv4, else bytes
};

[[nodiscard]] constexpr std::string_view to_string(FieldType type) noexcept {
  switch (type) {
    case FieldType::uint: return "uint";
    case FieldType::mac: return "mac";
    case FieldType::ipv4: return "ipv4";
    case FieldType::ipv6: return "ipv6";
    case FieldType::ascii: return "ascii";
    case FieldType::bytes: return "bytes";
    case FieldType::boolean: return "bool";
    case FieldType::presumed: return "bool";
    case FieldType::host_uint: return "uint";
    case FieldType::link_address: return "bytes";
  }
  return "uint";
}

struct FieldSpec {
  std::string_view name;      // camelCase, a contract
  std::uint16_t offset_bits;  // from the first bit of the header, most significant bit first
  std::uint16_t bits;         // 0: not in the header but derived from it (checksumOk, options)
  FieldType type;
  bool settable;          // a generator may write it
  std::string_view text;  // one line for people
  std::uint8_t unit = 1;  // shown value = bits x unit (fragmentOffset counts 8 bytes)

  [[nodiscard]] constexpr std::size_t offset_bytes() const noexcept { return offset_bits / 8U; }
  // Bytes of the header that hold (a part of) the field end here.
  [[nodiscard]] constexpr std::size_t end_bytes() const noexcept {
    return (offset_bits + bits + 7U) / 8U;
  }
};

// Reads a field of at most 64 bits that spans at most 8 bytes, in the header's bit order (a
// host_uint, of 32 bits, in its writer's), times its unit. Precondition: header.size() >=
// field.end_bytes(). O(bytes of the field).
[[nodiscard]] inline std::uint64_t read_field(const FieldSpec& field,
                                              base::ByteView header) noexcept {
  std::uint64_t value = 0;
  for (std::size_t at = field.offset_bytes(); at < field.end_bytes(); ++at) {
    value = value << 8 | header[at];
  }
  if (field.type == FieldType::host_uint) {
    const auto word = static_cast<std::uint32_t>(value);
    return std::min(word, base::byte_swap(word));
  }
  value >>= (8U - (field.offset_bits + field.bits) % 8U) % 8U;
  return (field.bits >= 64 ? value : value & ((1ULL << field.bits) - 1)) * field.unit;
}

// Writes the low bits of value / unit; bits around the field stay. Same precondition.
inline void write_field(const FieldSpec& field, base::MutableBytes header,
                        std::uint64_t value) noexcept {
  value /= field.unit;
  const unsigned shift = (8U - (field.offset_bits + field.bits) % 8U) % 8U;
  const std::uint64_t mask = (field.bits >= 64 ? ~0ULL : (1ULL << field.bits) - 1) << shift;
  value = value << shift & mask;
  std::uint64_t left = mask;
  for (std::size_t at = field.end_bytes(); at > field.offset_bytes(); --at) {
    auto& byte = header[at - 1];
    byte = static_cast<std::uint8_t>((byte & ~left) | (value & 0xff));
    left >>= 8;
    value >>= 8;
  }
}

// True for fields whose value is a number of at most 64 bits.
[[nodiscard]] constexpr bool is_number(FieldType type) noexcept {
  return type == FieldType::uint || type == FieldType::boolean;
}

}  // namespace ringbed::wire
