// `ringbed gen`: the traffic of a plan as a capture, frame by frame as the simulator would put it
// on the wire, with departure times.
#include <vector>

#include "engine/run.hpp"
#include "gen/generator.hpp"
#include "gen/pcap_writer.hpp"

namespace ringbed::engine {

base::Result<Generated> generate(const Plan& plan, const std::string& path,
                                 const RunControl& control) {
  auto generator = gen::Generator::create(plan.traffic, plan.seed, plan.sim.link.rate_bps,
                                          {plan.packets, plan.duration_ns * gen::kPsPerNs});
  if (!generator) {
    return generator.error();
  }
  auto writer = gen::PcapWriter::create(path);
  if (!writer) {
    return writer.error();
  }
  base::LiveCounters live = control.counters;
  live.set(base::Counter::end_ns, plan.duration_ns);
  live.set(base::Counter::end_packets, plan.packets);

  constexpr std::uint64_t kFramesPerLook = 4'096;
  std::vector<std::uint8_t> frame(generator.value().max_frame_bytes());
  gen::FrameMeta meta;
  while (generator.value().next(frame, meta)) {
    if (!writer.value().write(meta.departure_ps / gen::kPsPerNs, {frame.data(), meta.length})) {
      return writer.value().status().error();
    }
    if (generator.value().frames() % kFramesPerLook == 0) {
      live.set(base::Counter::time_ns, meta.departure_ps / gen::kPsPerNs);
      live.set(base::Counter::offered, generator.value().frames());
      if (control.stopped()) {
        break;
      }
    }
  }
  if (base::Status status = generator.value().status(); !status.ok()) {
    return status.error();
  }
  if (base::Status status = writer.value().finish(); !status.ok()) {
    return status.error();
  }
  return Generated{writer.value().frames(), writer.value().bytes()};
}

}  // namespace ringbed::engine
