// Which frame got which verdict, as one number: a sum over frames of a mixed word each, so that it
// depends neither on when they were handled nor in which order, nor by which core. Two runs of the
// same traffic that treat every frame alike have the same one, in whatever world.
#pragma once

#include <cstdint>

#include "device/device.hpp"

namespace ringbed::engine {

class VerdictDigest {
 public:
  // The frame by its place in the traffic.
  void add(std::uint32_t stream, std::uint32_t flow, std::uint64_t sequence,
           const device::Verdict& verdict) noexcept {
    const std::uint64_t fate = static_cast<std::uint64_t>(verdict.outcome) |
                               static_cast<std::uint64_t>(verdict.stage) << 8 |
                               static_cast<std::uint64_t>(verdict.reason) << 16 |
                               static_cast<std::uint64_t>(verdict.response_length) << 32;
    sum_ += mix(mix(mix(std::uint64_t{stream} << 32 | flow) + sequence) + fate);
  }
  void add(const VerdictDigest& other) noexcept { sum_ += other.sum_; }

  [[nodiscard]] std::uint64_t value() const noexcept { return sum_; }

 private:
  // The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
  [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t word) noexcept {
    word += 0x9e3779b97f4a7c15U;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
    return word ^ (word >> 31);
  }

  std::uint64_t sum_ = 0;
};

}  // namespace ringbed::engine
