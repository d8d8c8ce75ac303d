// What a thread of a live run has dropped so far, for others to read while it goes on: a copy of
// its own books and its ports', made now and then. Numbers are whole, but not all of one instant.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/counters.hpp"
#include "base/ledger.hpp"
#include "port/port.hpp"

namespace ringbed::engine {

// How often a thread publishes what is too much to publish with every burst.
inline constexpr std::uint64_t kTallyIntervalNs = 20'000'000;

using Drops = std::array<std::array<std::uint64_t, base::kReasonCount>, base::kStageCount>;

inline void add_drops(Drops& drops, base::Stage stage,
                      const std::array<std::uint64_t, base::kReasonCount>& more) noexcept {
  auto& row = drops[static_cast<std::size_t>(stage)];
  for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
    row[reason] += more[reason];
  }
}

class LiveTally {
 public:
  // The owner's thread.
  void store(const Drops& drops) noexcept {
    for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
      for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
        cells_[stage][reason].store(drops[stage][reason], std::memory_order_relaxed);
      }
    }
  }
  // Any thread.
  void add_to(Drops& drops) const noexcept {
    for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
      for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
        drops[stage][reason] += cells_[stage][reason].load(std::memory_order_relaxed);
      }
    }
  }

 private:
  using Cells = std::array<std::atomic<std::uint64_t>, base::kReasonCount>;
  std::array<Cells, base::kStageCount> cells_{};
};

// Drops by stage and reason, and their sum. Returns the sum.
inline std::uint64_t publish_drops(const Drops& drops, base::LiveCounters live) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
    for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
      live.set(static_cast<base::Stage>(stage), static_cast<base::Reason>(reason),
               drops[stage][reason]);
      sum += drops[stage][reason];
    }
  }
  live.set(base::Counter::dropped, sum);
  return sum;
}

}  // namespace ringbed::engine
