// The clock of a live run: CLOCK_MONOTONIC in nanoseconds (vDSO, no system call), counted from the
// start of the run, the same on every thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace ringbed::engine {

class LiveClock {
 public:
  [[nodiscard]] static std::uint64_t now_raw() noexcept {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
  }
  // The run begins at `raw`; before any thread asks.
  void start_at(std::uint64_t raw) noexcept { start_ = raw; }
  [[nodiscard]] bool started() const noexcept { return now_raw() >= start_; }
  // Since the start; 0 before it.
  [[nodiscard]] std::uint64_t now() const noexcept { return since_start(now_raw()); }
  [[nodiscard]] std::uint64_t since_start(std::uint64_t raw) const noexcept {
    return raw > start_ ? raw - start_ : 0;
  }

 private:
  std::uint64_t start_ = 0;
};

}  // namespace ringbed::engine
