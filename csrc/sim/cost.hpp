// What the work of a core costs in virtual time (proto message Costs). The reference profile ships
// with ringbed; `ringbed calibrate` measures a host. A probe misses the cache with the share of
// the table's working set that does not fit `kCacheBytes`: uniform access to a working set W
// through a cache C hits with probability C/W.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "sim/distribution.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

// Costs of the world around the device; every one is drawn from a substream of its own.
struct WorldCosts {
  Distribution tx_completion;  // from the last bit sent to the buffer's return
  Distribution poll;           // one poll that found frames
  Distribution interrupt;      // from raised to running
  Distribution yield;          // after the NAPI budget is used up
};

// Costs of the device's own work.
struct DeviceCosts {
  Distribution packet;
  std::uint64_t byte_femtoseconds = 0;
  Distribution probe;
  Distribution cold_probe;
  Distribution classifier;
  Distribution respond;
};

// What one packet made the core do; the device says so, the cost model turns it into time.
struct Work {
  std::uint32_t bytes = 0;
  std::uint32_t probes = 0;             // table entries looked at
  std::uint64_t working_set_bytes = 0;  // of the table that was probed
  bool responded = false;
};

// The time of one packet, split as the report shows it.
struct ServiceTime {
  Picoseconds parse = 0;
  Picoseconds track = 0;
  Picoseconds respond = 0;
  [[nodiscard]] Picoseconds total() const noexcept { return parse + track + respond; }
};

class CostModel {
 public:
  static constexpr std::uint64_t kCacheBytes = 1ULL << 20;  // a server core's L2

  CostModel(const DeviceCosts& costs, std::uint64_t seed);

  [[nodiscard]] ServiceTime service(const Work& work) noexcept;

 private:
  [[nodiscard]] Picoseconds probing(const Work& work) noexcept;
  [[nodiscard]] Picoseconds byte_time(std::uint32_t bytes) const noexcept {
    return bytes * costs_.byte_femtoseconds / 1'000;
  }

  DeviceCosts costs_;
  base::Random packet_random_;
  base::Random probe_random_;
  base::Random cold_random_;
  base::Random miss_random_;
  base::Random respond_random_;
};

}  // namespace ringbed::sim
