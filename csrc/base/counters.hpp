// Live counters: one table of names, and the writer's side of the array that TypeScript reads
// while a run goes on (a BigUint64Array over a SharedArrayBuffer). One writer; relaxed stores,
// because a reader only wants a recent number; the report itself comes from the run's result.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/reasons.hpp"

namespace ringbed::base {

#define RINGBED_COUNTERS(X)                                                   \
  X(time_ns, "time of the run so far: virtual in sim, since start elsewhere") \
  X(end_ns, "where the offered time ends, if it is known; 0 otherwise")       \
  X(end_packets, "how many frames will be offered, if known; 0 otherwise")    \
  X(offered, "frames that the generator offered")                             \
  X(received, "frames that the device took")                                  \
  X(processed, "frames that were for the device, and done")                   \
  X(bypassed, "frames that were not for the device")                          \
  X(responded, "responses handed to the transmit ring")                       \
  X(responses, "responses that reached the sink")                             \
  X(dropped, "frames dropped anywhere, for any reason")

#define RINGBED_ENUM(name, text) name,
enum class Counter : std::uint8_t { RINGBED_COUNTERS(RINGBED_ENUM) };
#undef RINGBED_ENUM
#define RINGBED_ROW(name, text) NamedRow{#name, text},
inline constexpr auto kCounters = std::to_array<NamedRow>({RINGBED_COUNTERS(RINGBED_ROW)});
#undef RINGBED_ROW

// The writer's side. An empty span switches it off.
class LiveCounters {
 public:
  LiveCounters() = default;
  explicit LiveCounters(std::span<std::uint64_t> cells) noexcept
      : cells_(cells.size() >= kCounters.size() ? cells : std::span<std::uint64_t>{}) {}

  void set(Counter counter, std::uint64_t value) noexcept {
    if (!cells_.empty()) {
      std::atomic_ref<std::uint64_t>(cells_[static_cast<std::size_t>(counter)])
          .store(value, std::memory_order_relaxed);
    }
  }

 private:
  std::span<std::uint64_t> cells_;
};

}  // namespace ringbed::base
