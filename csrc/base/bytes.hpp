// The two spans that everything passes around, and the one checked reader.
// A length field found on the wire is never trusted: sub() clips to what is there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/endian.hpp"

namespace ringbed::base {

using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// The part of `bytes` from `offset`, at most `length` long; empty when offset lies outside.
[[nodiscard]] inline ByteView sub(ByteView bytes, std::size_t offset,
                                  std::size_t length = SIZE_MAX) noexcept {
  if (offset >= bytes.size()) {
    return {};
  }
  return bytes.subspan(offset, std::min(length, bytes.size() - offset));
}

// A big-endian T at `offset`, or nothing when it would reach past the end.
template <std::unsigned_integral T>
[[nodiscard]] inline std::optional<T> read_be(ByteView bytes, std::size_t offset) noexcept {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) {
    return std::nullopt;
  }
  return load_be<T>(bytes.data() + offset);
}

}  // namespace ringbed::base
