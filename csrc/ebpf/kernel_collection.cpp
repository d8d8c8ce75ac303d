#include "ebpf/kernel_collection.hpp"

namespace ringbed::ebpf {

const KernelProgram* KernelCollection::program(std::string_view name) const {
  for (const KernelProgram& each : programs_) {
    if (each.name() == name) return &each;
  }
  return nullptr;
}

const KernelMap* KernelCollection::map(std::string_view name) const {
  for (const KernelMap& each : maps_) {
    if (each.spec().name == name) return &each;
  }
  return nullptr;
}

std::uint64_t KernelCollection::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const KernelMap& each : maps_) {
    bytes += each.memory_bytes();
  }
  return bytes;
}

}  // namespace ringbed::ebpf
