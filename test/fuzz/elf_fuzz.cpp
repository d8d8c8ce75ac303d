// fuzz: ebpf
// Any bytes as an object file: refused with words, or read; what was read is loaded into a machine
// and its programs run on a frame, to their end or to a named fault.
#include <array>
#include <cstddef>
#include <cstdint>

#include "ebpf/collection.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringbed;
  const auto object = ebpf::read_object({data, size});
  if (!object) {
    if (object.error().message.empty()) {
      __builtin_trap();
    }
    return 0;
  }
  std::uint64_t entries = 0;
  for (const ebpf::MapSpec& map : object.value().maps) {
    entries += (std::uint64_t{map.max_entries} + 1) * (map.key_size + map.value_size + 64ull);
  }
  if (entries > 1u << 24) {
    return 0;  // memory is the user's to give; the limit of a map is tested elsewhere
  }
  ebpf::Machine machine;
  machine.set_instruction_limit(10'000);
  ebpf::CollectionOptions options;
  options.fallback_type = ebpf::ProgramType::xdp;
  static const auto kernel = ebpf::KernelTypes::load();
  options.kernel = kernel ? &kernel.value() : nullptr;
  const auto loaded = ebpf::Collection::load(object.value(), machine, options);
  if (!loaded) {
    return 0;
  }
  const std::array<std::uint8_t, 64> frame{};
  for (const auto& program : loaded.value().programs()) {
    const ebpf::Outcome outcome = machine.run(*program, frame);
    if (!outcome.ok() && ebpf::describe(outcome.fault).empty()) {
      __builtin_trap();
    }
  }
  return 0;
}
