// Measures what the device's work costs on this machine, so that a scenario's `costs` can be this
// host's instead of the reference profile's. Runs the real device on real frames for about a
// second; nothing in it touches the network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ringbed::engine {

struct CalibratedCost {
  std::string name;  // a key of the scenario's `costs`
  std::uint64_t ps = 0;
};

// One thread, about a second. Errors: resource (memory).
[[nodiscard]] base::Result<std::vector<CalibratedCost>> calibrate();

}  // namespace ringbed::engine
