// Time, chance, CPU number: from the environment, never from the host.
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

std::uint64_t ktime_get_ns(Machine& machine, State&) { return machine.environment().now_ns; }

std::uint64_t get_prandom_u32(Machine& machine, State&) {
  return machine.environment().random.next() >> 32;
}

std::uint64_t get_smp_processor_id(Machine& machine, State&) { return machine.environment().cpu; }

std::uint64_t get_numa_node_id(Machine&, State&) { return 0; }

}  // namespace ringbed::ebpf::helper
