// Live counters: the tables of their names, and the writer's side of the array that TypeScript
// reads while a run goes on (a BigUint64Array over a SharedArrayBuffer). One writer a cell; relaxed
// stores, because a reader only wants a recent number; the report itself comes from the run's
// result.
//
//   | kCounters | drops: stage by reason | streams | receive rings | cores |
//
// The last three have a group of cells for each of the run's streams, queues and cores; a reader
// who gives fewer cells gets the parts that fit.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/reasons.hpp"

namespace ringbed::base {

// X(name, what it is, text). `count` only grows, `level` goes up and down.
#define RINGBED_COUNTERS(X)                                                          \
  X(time_ns, level, "time of the run so far: virtual in sim, since start elsewhere") \
  X(end_ns, level, "where the offered time ends, if it is known; 0 otherwise")       \
  X(end_packets, level, "how many frames will be offered, if known; 0 otherwise")    \
  X(offered, count, "frames that the generator offered")                             \
  X(received, count, "frames that the device took")                                  \
  X(processed, count, "frames that were for the device, and done")                   \
  X(bypassed, count, "frames that were not for the device")                          \
  X(responded, count, "responses handed to the transmit ring")                       \
  X(responses, count, "responses that reached the sink")                             \
  X(dropped, count, "frames dropped anywhere, for any reason")                       \
  X(pool_size, level, "buffers of the response pool")                                \
  X(pool_in_use, level, "buffers of the response pool that are out")                 \
  X(pool_exhausted, count, "requests to the response pool that found it empty")

#define RINGBED_STREAM_COUNTERS(X)                       \
  X(offered, count, "frames that the generator offered") \
  X(responses, count, "responses that reached the generator")

#define RINGBED_RING_COUNTERS(X)                          \
  X(size, level, "descriptors of the receive ring")       \
  X(peak, level, "most frames that were waiting at once") \
  X(full, count, "frames that found no free descriptor")

#define RINGBED_CORE_COUNTERS(X)                                   \
  X(received, count, "frames that the core took")                  \
  X(processed, count, "frames that were for the device, and done") \
  X(bypassed, count, "frames that were not for the device")        \
  X(responded, count, "responses handed to the transmit ring")     \
  X(polls, count, "bursts that found frames")                      \
  X(busy_ns, count, "time spent on bursts, in nanoseconds")        \
  X(connections, level, "connections in the core's table")         \
  X(connections_inserted, count, "connections that were made")     \
  X(connections_rejected, count, "connections that found no place")

enum class CounterKind : std::uint8_t { count, level };

struct CounterRow {
  std::string_view name;
  CounterKind kind;
  std::string_view text;
};

#define RINGBED_ENUM(name, kind, text) name,
enum class Counter : std::uint8_t { RINGBED_COUNTERS(RINGBED_ENUM) };
enum class StreamCounter : std::uint8_t { RINGBED_STREAM_COUNTERS(RINGBED_ENUM) };
enum class RingCounter : std::uint8_t { RINGBED_RING_COUNTERS(RINGBED_ENUM) };
enum class CoreCounter : std::uint8_t { RINGBED_CORE_COUNTERS(RINGBED_ENUM) };
#undef RINGBED_ENUM
#define RINGBED_ROW(name, kind, text) CounterRow{#name, CounterKind::kind, text},
inline constexpr auto kCounters = std::to_array<CounterRow>({RINGBED_COUNTERS(RINGBED_ROW)});
inline constexpr auto kStreamCounters =
    std::to_array<CounterRow>({RINGBED_STREAM_COUNTERS(RINGBED_ROW)});
inline constexpr auto kRingCounters =
    std::to_array<CounterRow>({RINGBED_RING_COUNTERS(RINGBED_ROW)});
inline constexpr auto kCoreCounters =
    std::to_array<CounterRow>({RINGBED_CORE_COUNTERS(RINGBED_ROW)});
#undef RINGBED_ROW

// How many groups of cells there are behind the fixed ones.
struct CounterShape {
  std::size_t streams = 0;
  std::size_t queues = 0;
  std::size_t cores = 0;
};

// The writer's side; a copy writes to the same cells. An empty span switches it off.
class LiveCounters {
 public:
  LiveCounters() = default;
  explicit LiveCounters(std::span<std::uint64_t> cells) noexcept : cells_(cells) {}
  LiveCounters(LiveCounters whole, const CounterShape& shape) noexcept
      : cells_(whole.cells_), shape_(shape) {}

  [[nodiscard]] static constexpr std::size_t cells_of(const CounterShape& shape) noexcept {
    return kFirstStream + shape.streams * kStreamCounters.size() +
           shape.queues * kRingCounters.size() + shape.cores * kCoreCounters.size();
  }

  void set(Counter counter, std::uint64_t value) noexcept {
    store(static_cast<std::size_t>(counter), value);
  }
  void set(Stage stage, Reason reason, std::uint64_t value) noexcept {
    store(kCounters.size() + static_cast<std::size_t>(stage) * kReasonCount +
              static_cast<std::size_t>(reason),
          value);
  }
  void set(std::size_t stream, StreamCounter counter, std::uint64_t value) noexcept {
    store(kFirstStream + stream * kStreamCounters.size() + static_cast<std::size_t>(counter),
          value);
  }
  void set(std::size_t queue, RingCounter counter, std::uint64_t value) noexcept {
    store(kFirstStream + shape_.streams * kStreamCounters.size() + queue * kRingCounters.size() +
              static_cast<std::size_t>(counter),
          value);
  }
  void set(std::size_t core, CoreCounter counter, std::uint64_t value) noexcept {
    store(kFirstStream + shape_.streams * kStreamCounters.size() +
              shape_.queues * kRingCounters.size() + core * kCoreCounters.size() +
              static_cast<std::size_t>(counter),
          value);
  }

 private:
  static constexpr std::size_t kFirstStream = kCounters.size() + kStageCount * kReasonCount;

  void store(std::size_t at, std::uint64_t value) noexcept {
    if (at < cells_.size()) {
      std::atomic_ref<std::uint64_t>(cells_[at]).store(value, std::memory_order_relaxed);
    }
  }

  std::span<std::uint64_t> cells_;
  CounterShape shape_;
};

}  // namespace ringbed::base
