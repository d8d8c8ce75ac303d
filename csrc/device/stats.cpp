// Adding up what devices and tables count, over cores and over the resets of one core.
#include <algorithm>

#include "device/connection_table.hpp"
#include "device/device.hpp"

namespace ringbed::device {

void DeviceStats::add(const DeviceStats& other) noexcept {
  in += other.in;
  processed += other.processed;
  responded += other.responded;
  bypassed += other.bypassed;
  for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
    stage_in[stage] += other.stage_in[stage];
    stage_out[stage] += other.stage_out[stage];
    for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
      drops[stage][reason] += other.drops[stage][reason];
    }
  }
  time.add(other.time);
}

void ConnectionStats::add(const ConnectionStats& other) noexcept {
  const std::uint32_t both = peak + other.peak;
  add_earlier(other);
  peak = both;
  active += other.active;
}

void ConnectionStats::add_earlier(const ConnectionStats& earlier) noexcept {
  peak = std::max(peak, earlier.peak);
  inserted += earlier.inserted;
  expired += earlier.expired;
  rejected += earlier.rejected;
  evicted += earlier.evicted;
  closed += earlier.closed;
  cleared += earlier.cleared;
  lookups += earlier.lookups;
  probes += earlier.probes;
  max_chain = std::max(max_chain, earlier.max_chain);
}

}  // namespace ringbed::device
