// Time, chance, CPU number: from the environment, never from the host.
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

std::uint64_t ktime_get_ns(Machine& machine, State&) { return machine.environment().now_ns; }

// HZ of a common configuration; the count begins five minutes before its lower half overflows.
std::uint64_t jiffies64(Machine& machine, State&) {
  constexpr std::uint64_t kTicksPerSecond = 250;
  constexpr std::uint64_t kFirst = 0x1'0000'0000 - 300 * kTicksPerSecond;
  return kFirst + machine.environment().now_ns / (1'000'000'000 / kTicksPerSecond);
}

std::uint64_t get_prandom_u32(Machine& machine, State&) {
  return machine.environment().random.next() >> 32;
}

std::uint64_t get_smp_processor_id(Machine& machine, State&) { return machine.environment().cpu; }

std::uint64_t get_numa_node_id(Machine&, State&) { return 0; }

}  // namespace ringbed::ebpf::helper
