#include "sim/cost.hpp"

namespace ringbed::sim {

CostModel::CostModel(const DeviceCosts& costs, std::uint64_t seed)
    : costs_(costs),
      packet_random_(seed, "costs.packet"),
      probe_random_(seed, "costs.probe"),
      cold_random_(seed, "costs.coldProbe"),
      miss_random_(seed, "costs.miss"),
      respond_random_(seed, "costs.respond") {}

Picoseconds CostModel::probing(const Work& work) noexcept {
  Picoseconds time = 0;
  const double miss =
      work.working_set_bytes <= kCacheBytes
          ? 0.0
          : 1.0 - static_cast<double>(kCacheBytes) / static_cast<double>(work.working_set_bytes);
  for (std::uint32_t i = 0; i < work.probes; ++i) {
    time += miss_random_.chance(miss) ? sample(costs_.cold_probe, cold_random_)
                                      : sample(costs_.probe, probe_random_);
  }
  return time;
}

ServiceTime CostModel::service(const Work& work) noexcept {
  ServiceTime time;
  time.parse = sample(costs_.packet, packet_random_) + byte_time(work.bytes);
  if (work.probes != 0) {
    time.track = probing(work);
  }
  if (work.responded) {
    time.respond = sample(costs_.respond, respond_random_);
  }
  return time;
}

}  // namespace ringbed::sim
