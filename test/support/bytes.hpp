// Bytes for tests: hexadecimal in and out, and copies in a heap block of exactly their size, so
// that AddressSanitizer sees a read of one byte too many.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace ringbed::test {

inline std::vector<std::uint8_t> from_hex(std::string_view hex) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    throw std::invalid_argument("not a hexadecimal digit");
  };
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return bytes;
}

inline std::string to_hex(base::ByteView bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

class ExactCopy {
 public:
  explicit ExactCopy(base::ByteView bytes)
      : data_(new std::uint8_t[bytes.size()]), size_(bytes.size()) {
    if (!bytes.empty()) {
      std::memcpy(data_.get(), bytes.data(), bytes.size());
    }
  }
  [[nodiscard]] base::ByteView view() const { return {data_.get(), size_}; }
  [[nodiscard]] base::MutableBytes bytes() { return {data_.get(), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_;
};

inline ExactCopy exact_copy(base::ByteView bytes) { return ExactCopy(bytes); }

}  // namespace ringbed::test
