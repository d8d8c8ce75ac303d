#include "port/clock_line.hpp"

#include <cmath>

namespace ringbed::port {

namespace {

// Over a shorter time the looks' own errors (a microsecond) are more than a crystal is off.
constexpr double kBaselineNs = 5e8;
// No crystal is off by more: that clock was set.
constexpr double kMostOff = 1e-3;
constexpr double kSlackNs = 1e6;

double difference(std::uint64_t left, std::uint64_t right) noexcept {
  return static_cast<double>(static_cast<std::int64_t>(left - right));
}

}  // namespace

void ClockLine::look(std::uint64_t theirs, std::uint64_t ours) noexcept {
  const Look oldest = looks_[count_ < kLooks ? 0 : count_ % kLooks];
  const double ran = difference(theirs, oldest.theirs);
  const double passed = difference(ours, oldest.ours);
  if (std::abs(ran - passed) > std::abs(passed) * kMostOff + kSlackNs) {
    count_ = 0;
  }
  const double slope = count_ != 0 && passed >= kBaselineNs ? passed / ran : 1;
  looks_[count_++ % kLooks] = {theirs, ours};
  const std::uint32_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  theirs_.store(theirs, std::memory_order_release);
  ours_.store(ours, std::memory_order_release);
  slope_.store(slope, std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

std::uint64_t ClockLine::ours(std::uint64_t theirs) const noexcept {
  for (;;) {
    const std::uint32_t version = version_.load(std::memory_order_acquire);
    const std::uint64_t looked = theirs_.load(std::memory_order_acquire);
    const std::uint64_t at = ours_.load(std::memory_order_acquire);
    const double slope = slope_.load(std::memory_order_acquire);
    if ((version & 1U) == 0 && version_.load(std::memory_order_relaxed) == version) {
      const double since = std::round(difference(theirs, looked) * slope);
      return static_cast<double>(at) + since <= 0
                 ? 0
                 : at + static_cast<std::uint64_t>(static_cast<std::int64_t>(since));
    }
  }
}

}  // namespace ringbed::port
