// fuzz: engine
// Any bytes as a plan: refused or accepted, never a crash. What is accepted is also run, when it is
// small enough for the run to end soon.
#include <cstddef>
#include <cstdint>

#include "engine/plan.hpp"
#include "engine/run.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringbed;
  auto plan = engine::decode_plan({data, size});
  if (!plan || plan.value().pool.size > 4'096 || plan.value().pool.buffer_bytes > 16'384 ||
      plan.value().device.connections.capacity > 65'536 ||
      plan.value().device.connections.buckets > 65'536 || plan.value().sim.core.count > 4 ||
      plan.value().sim.nic.queues > 4 || plan.value().traffic.size() > 8) {
    return 0;
  }
  for (auto& stream : plan.value().traffic) {
    if (stream.flows > 4'096 || stream.tcp.concurrent > 4'096) {
      return 0;
    }
  }
  plan.value().packets = 200;
  const auto result = engine::run(plan.value(), {});
  if (result && !result.value().imbalance.empty()) {
    __builtin_trap();  // the books of any run balance
  }
  return 0;
}
