// Maps that carry events out of programs: ringbuf and perf_event_array. User space drains them.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "ebpf/map.hpp"

namespace ringbed::ebpf {

struct Event {
  std::uint32_t cpu = 0;
  std::vector<std::uint8_t> bytes;
};

class EventMap : public Map {
 public:
  using Map::Map;

  // The events since the last call, oldest first.
  [[nodiscard]] virtual std::vector<Event> drain() = 0;
};

// A ring buffer's accounting is the kernel's: a record takes its length and a header of eight
// bytes, rounded up to eight, from the moment it is reserved until it is drained, in order.
class RingBuffer : public EventMap {
 public:
  using EventMap::EventMap;

  static constexpr std::uint64_t kHeader = 8;

  // A record of `bytes` bytes, or nullptr when the ring is full or it can never fit. The record
  // stays where it is until it is submitted.
  virtual std::uint8_t* reserve(std::uint64_t bytes) = 0;
  // Ends the record at `data`; false when there is none.
  virtual bool finish(const std::uint8_t* data, bool discard) = 0;
  // Positions, in bytes since the start, headers included: what lies between waits to be drained.
  [[nodiscard]] virtual std::uint64_t produced() const = 0;
  [[nodiscard]] virtual std::uint64_t consumed() const = 0;
};

// Slots a CPU, opened by user space; an output to a slot that is not open is -ENOENT.
class PerfEventArray : public EventMap {
 public:
  using EventMap::EventMap;
  virtual int output(std::uint32_t slot, std::uint32_t cpu, std::vector<std::uint8_t> bytes) = 0;
};

}  // namespace ringbed::ebpf
