// The engine's doors: a plan in, a result out. Blocking; the caller chooses the thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/counters.hpp"
#include "base/result.hpp"
#include "engine/control.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

// How the outside watches and stops a run; both may be left out.
struct RunControl {
  base::LiveCounters counters;
  const std::atomic<bool>* stop = nullptr;
  ControlDesk* desk = nullptr;    // where commands to the running device come from
  std::string state_folder = {};  // remembers what a run changed of the machine; empty: nowhere

  [[nodiscard]] bool stopped() const noexcept {
    return stop != nullptr && stop->load(std::memory_order_relaxed);
  }
};

// Runs the plan in its world. Errors: invalid (a plan that cannot be), io (a capture file),
// resource (memory), unavailable (a world or a classifier that this build does not have).
[[nodiscard]] base::Result<RunResult> run(const Plan& plan, const RunControl& control);

struct Generated {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};

// Writes the plan's traffic, with its departure times, to a capture file (pcap, nanoseconds).
// The file appears under its name only when it is complete. Errors: as run(), io.
[[nodiscard]] base::Result<Generated> generate(const Plan& plan, const std::string& path,
                                               const RunControl& control);

}  // namespace ringbed::engine
