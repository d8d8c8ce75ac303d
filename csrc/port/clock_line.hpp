// Turns the times of one clock into those of another, from looks at both: between two looks the
// first clock is taken to run as it did from the look of some seconds before to the last one, which
// follows a clock that is being disciplined (ptp4l). One thread looks, any thread asks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace ringbed::port {

class ClockLine {
 public:
  // What both clocks showed at the same moment, nanoseconds. From the second look on the line has a
  // slope; a clock that was set between two looks starts a new line.
  void look(std::uint64_t theirs, std::uint64_t ours) noexcept;

  // What ours showed when theirs showed `theirs`; 0 for before its zero.
  [[nodiscard]] std::uint64_t ours(std::uint64_t theirs) const noexcept;

 private:
  struct Look {
    std::uint64_t theirs = 0;
    std::uint64_t ours = 0;
  };
  static constexpr std::size_t kLooks = 16;  // kept: the oldest is the far end of the line

  std::array<Look, kLooks> looks_{};
  std::size_t count_ = 0;
  // The line, for readers (a seqlock): the version is odd while it changes.
  std::atomic<std::uint32_t> version_{0};
  std::atomic<std::uint64_t> theirs_{0};
  std::atomic<std::uint64_t> ours_{0};
  std::atomic<double> slope_{1};  // nanoseconds of ours in one of theirs
};

}  // namespace ringbed::port
