// The clock of a live run: CLOCK_MONOTONIC in nanoseconds (vDSO, no system call), counted from the
// start of the run, the same on every thread. And where threads run.
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <vector>

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

// The processors that this process may use, and which of its threads goes where.
class Placement {
 public:
  Placement() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) {
          cpus_.push_back(cpu);
        }
      }
    }
  }

  // Pins the calling thread to the processor for thread `index`; they are dealt out in turn.
  // Returns the processor, or -1 if the thread stays free.
  int pin(std::size_t index) const noexcept {
    if (cpus_.empty()) {
      return -1;
    }
    const int cpu = cpus_[index % cpus_.size()];
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? cpu : -1;
  }
  // More threads than processors: whoever has nothing to do must let the others run.
  [[nodiscard]] bool crowded(std::size_t threads) const noexcept { return threads > cpus_.size(); }

 private:
  std::vector<int> cpus_;
};

}  // namespace ringbed::engine
