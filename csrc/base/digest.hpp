// A 128-bit order-sensitive digest of a run: every fate of every frame goes in, so that two runs
// agree only when they agreed packet by packet. Not cryptographic: it guards against accident.
// Mixing: folded 64x64->128 multiplication (as wyhash), two lanes with different constants.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ringbed::base {

class Digest {
 public:
  void add(std::uint64_t value) noexcept {
    low_ = fold(low_ ^ value, 0xa0761d6478bd642fULL);
    high_ = fold(high_ + value, 0xe7037ed1a0b428dbULL) ^ low_;
  }
  void add(std::uint64_t first, std::uint64_t second) noexcept {
    add(first ^ fold(second, 0x8ebc6af09c88c6e3ULL));
  }
  void add(std::string_view text) noexcept {
    for (const char c : text) {
      add(static_cast<std::uint8_t>(c));
    }
    add(text.size());
  }
  void add(std::span<const std::uint8_t> bytes) noexcept {
    for (const std::uint8_t byte : bytes) {
      add(byte);
    }
    add(bytes.size());
  }

  // 32 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(32, '0');
    for (int i = 0; i < 16; ++i) {
      text[static_cast<std::size_t>(i)] = kDigits[(high_ >> (60 - 4 * i)) & 15];
      text[static_cast<std::size_t>(16 + i)] = kDigits[(low_ >> (60 - 4 * i)) & 15];
    }
    return text;
  }

 private:
  [[nodiscard]] static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a ^ 0x589965cc75374cc3ULL) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  std::uint64_t low_ = 0x2d358dccaa6c78a5ULL;
  std::uint64_t high_ = 0x8bb84b93962eacc9ULL;
};

}  // namespace ringbed::base
