// Where the threads of a live run are: which processor each is pinned to, and how long it was ready
// to run there and another program had it.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/descriptor.hpp"

namespace ringbed::engine {

// Nanoseconds that the calling thread has waited for a processor so far (the second number of
// schedstat; Linux, Documentation/scheduler/sched-stats.rst). 0 where the kernel does not tell.
[[nodiscard]] inline std::uint64_t waited_for_processor_ns() noexcept {
  const base::FileDescriptor file(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text{};
  if (!file || read(file.get(), text.data(), text.size() - 1) <= 0) {
    return 0;
  }
  const char* const gap = std::strchr(text.data(), ' ');
  std::uint64_t waited = 0;
  if (gap != nullptr) {
    std::from_chars(gap + 1, text.data() + text.size(), waited);
  }
  return waited;
}

// Of one thread of a run.
struct Seat {
  int cpu = -1;  // -1: not pinned
  std::uint64_t waited_ns = 0;
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

  // Does `work` on the processor for thread `index`, which the calling thread is pinned to;
  // threads are dealt out in turn.
  template <typename Work>
  void at_seat(std::size_t index, Seat& seat, Work work) const {
    seat.cpu = pin(index);
    const std::uint64_t before = waited_for_processor_ns();
    work();
    seat.waited_ns = waited_for_processor_ns() - before;
  }

  // More threads than processors: whoever has nothing to do must let the others run.
  [[nodiscard]] bool crowded(std::size_t threads) const noexcept { return threads > cpus_.size(); }
  [[nodiscard]] std::size_t processors() const noexcept { return cpus_.size(); }

 private:
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

  std::vector<int> cpus_;
};

}  // namespace ringbed::engine
