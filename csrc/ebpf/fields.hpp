// Checked little-endian reads for the object reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace ringbed::ebpf {

template <std::unsigned_integral T>
[[nodiscard]] inline std::optional<T> read_le(base::ByteView bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) {
    return std::nullopt;
  }
  return base::load_le<T>(bytes.data() + offset);
}

// 0 where there is nothing; for fields whose presence was checked before.
template <std::unsigned_integral T>
[[nodiscard]] inline T field(base::ByteView bytes, std::uint64_t offset) {
  return read_le<T>(bytes, offset).value_or(0);
}

// The NUL-terminated string at `offset`; nothing when it does not end inside the bytes.
[[nodiscard]] inline std::optional<std::string> read_string(base::ByteView bytes,
                                                            std::uint64_t offset) {
  std::string text;
  for (; offset < bytes.size(); ++offset) {
    if (bytes[offset] == 0) {
      return text;
    }
    text += static_cast<char>(bytes[offset]);
  }
  return std::nullopt;
}

// `length` bytes at `offset`, or nothing.
[[nodiscard]] inline std::optional<base::ByteView> range(base::ByteView bytes, std::uint64_t offset,
                                                         std::uint64_t length) {
  if (offset > bytes.size() || bytes.size() - offset < length) {
    return std::nullopt;
  }
  return bytes.subspan(offset, length);
}

}  // namespace ringbed::ebpf
