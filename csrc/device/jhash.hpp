// jhash: Bob Jenkins' lookup3 (2006, public domain) as the Linux kernel has it in
// include/linux/jhash.h. The published nanonet module hashes three words with it, seed 0.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace ringbed::device {

namespace detail {

inline constexpr std::uint32_t kJhashInitial = 0xdeadbeef;

constexpr void jhash_mix(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c) noexcept {
  a -= c, a ^= std::rotl(c, 4), c += b;
  b -= a, b ^= std::rotl(a, 6), a += c;
  c -= b, c ^= std::rotl(b, 8), b += a;
  a -= c, a ^= std::rotl(c, 16), c += b;
  b -= a, b ^= std::rotl(a, 19), a += c;
  c -= b, c ^= std::rotl(b, 4), b += a;
}

constexpr void jhash_final(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c) noexcept {
  c ^= b, c -= std::rotl(b, 14);
  a ^= c, a -= std::rotl(c, 11);
  b ^= a, b -= std::rotl(a, 25);
  c ^= b, c -= std::rotl(b, 16);
  a ^= c, a -= std::rotl(c, 4);
  b ^= a, b -= std::rotl(a, 14);
  c ^= b, c -= std::rotl(b, 24);
}

// The hash of `words` with the internal state set to `initial`.
[[nodiscard]] constexpr std::uint32_t jhash_core(std::span<const std::uint32_t> words,
                                                 std::uint32_t initial) noexcept {
  std::uint32_t a = initial;
  std::uint32_t b = initial;
  std::uint32_t c = initial;
  while (words.size() > 3) {
    a += words[0];
    b += words[1];
    c += words[2];
    jhash_mix(a, b, c);
    words = words.subspan(3);
  }
  switch (words.size()) {
    case 3: c += words[2]; [[fallthrough]];
    case 2: b += words[1]; [[fallthrough]];
    case 1:
      a += words[0];
      jhash_final(a, b, c);
      break;
    default: break;
  }
  return c;
}

}  // namespace detail

// jhash2(): any number of words.
[[nodiscard]] constexpr std::uint32_t jhash_words(std::span<const std::uint32_t> words,
                                                  std::uint32_t seed) noexcept {
  return detail::jhash_core(
      words, detail::kJhashInitial + (static_cast<std::uint32_t>(words.size()) << 2) + seed);
}

// jhash_3words().
[[nodiscard]] constexpr std::uint32_t jhash_3words(std::uint32_t a, std::uint32_t b,
                                                   std::uint32_t c, std::uint32_t seed) noexcept {
  const std::uint32_t initial = detail::kJhashInitial + (3U << 2) + seed;
  a += initial;
  b += initial;
  c += initial;
  detail::jhash_final(a, b, c);
  return c;
}

}  // namespace ringbed::device
