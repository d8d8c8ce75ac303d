// Virtual time: an unsigned 64-bit count of picoseconds since the start of the run (213 days).
// Picoseconds, because a byte at 400 Gb/s takes 20 ps; reports round down to nanoseconds.
#pragma once

#include <cstdint>

namespace ringbed::sim {

using Picoseconds = std::uint64_t;

inline constexpr Picoseconds kNever = UINT64_MAX;
inline constexpr Picoseconds kPsPerNs = 1'000;
inline constexpr Picoseconds kPsPerSecond = 1'000'000'000'000;

[[nodiscard]] constexpr std::uint64_t to_ns(Picoseconds time) noexcept { return time / kPsPerNs; }

// end - start, and 0 when the order is the other way round.
[[nodiscard]] constexpr Picoseconds elapsed(Picoseconds start, Picoseconds end) noexcept {
  return end > start ? end - start : 0;
}

}  // namespace ringbed::sim
