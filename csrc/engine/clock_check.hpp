// What the clock of a live run is worth on this machine: its resolution, what reading it costs, and
// how much of a measured round trip is the harness's own. Measured before the run starts.
#pragma once

#include "base/result.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

// Takes about a millisecond. Error: resource (memory for the loopback port).
[[nodiscard]] base::Result<ClockResult> check_clock();

}  // namespace ringbed::engine
