// fuzz: ebpf
// Any bytes as a program: refused, or run to its end or to a named fault; never a crash, never
// longer than the instruction limit, and by both engines alike: r0, instructions, fault, memory.
// The first two bytes choose mode, CPU version and program type and how much of the input is the
// memory or the frame.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ebpf/decode.hpp"
#include "ebpf/machine.hpp"

namespace {

using namespace ringbed;

constexpr std::int64_t kLimit = 10'000;

struct Result {
  std::string text;
  std::uint64_t instructions = 0;
  std::vector<std::uint8_t> bytes;

  bool operator==(const Result&) const = default;
};

// A map of each kind that native code treats in its own way; handles 0 to 3.
void add_maps(ebpf::Machine& machine) {
  for (const auto type : {ebpf::MapType::array, ebpf::MapType::percpu_array, ebpf::MapType::hash,
                          ebpf::MapType::prog_array}) {
    ebpf::MapSpec spec;
    spec.name = "m";
    spec.type = type;
    spec.key_size = 4;
    spec.value_size = type == ebpf::MapType::prog_array ? 4 : 16;
    spec.max_entries = 4;
    if (!machine.add_map(std::move(spec))) __builtin_trap();
  }
}

Result run(const std::vector<ebpf::RawInstruction>& code, const ebpf::DecodeOptions& options,
           ebpf::ProgramType type, std::vector<std::uint8_t> memory, ebpf::Engine engine) {
  auto program = ebpf::decode(code, options);
  if (!program) {
    if (program.error().message.empty()) __builtin_trap();  // an error without words
    return {program.error().message, 0, {}};
  }
  program.value().type = type;
  ebpf::Machine machine;
  add_maps(machine);
  if (!machine.set_engine(engine) || !machine.compile(program.value())) return {};
  machine.map(3)->set_program(0, &program.value());
  machine.set_instruction_limit(kLimit);
  ebpf::Outcome outcome;
  if (type == ebpf::ProgramType::raw) {
    const auto bytes = static_cast<std::uint32_t>(memory.size());
    machine.memory()[ebpf::kPacketRegion] = ebpf::Region::of(memory.data(), bytes);
    outcome = machine.run(program.value(), ebpf::address_of(ebpf::kPacketRegion, 0), bytes);
  } else {
    outcome = machine.run(program.value(), memory);
    memory = machine.packet().bytes();
  }
  if (outcome.instructions > static_cast<std::uint64_t>(kLimit) + 2 * code.size()) {
    __builtin_trap();  // a run that the limit did not stop
  }
  return {outcome.ok() ? std::to_string(outcome.r0) : ebpf::describe(outcome.fault),
          outcome.instructions, std::move(memory)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) {
    return 0;
  }
  ebpf::DecodeOptions options;
  options.cpu = static_cast<ebpf::CpuVersion>(1 + (data[0] & 3));
  options.mode = (data[0] & 4) != 0 ? ebpf::Mode::kernel_strict : ebpf::Mode::isa;
  const auto type = static_cast<ebpf::ProgramType>(data[1] & 3);
  const std::size_t bytes = (data[0] >> 3u) + (data[1] >> 2u) * std::size_t{4};
  if (size < 2 + bytes + 8) {
    return 0;
  }
  const std::vector<std::uint8_t> memory(data + 2, data + 2 + bytes);
  const auto code = ebpf::read_instructions({data + 2 + bytes, (size - 2 - bytes) / 8 * 8});
  const Result expected = run(code.value(), options, type, memory, ebpf::Engine::interpreter);
  if (ebpf::jit_available() &&
      !(run(code.value(), options, type, memory, ebpf::Engine::jit) == expected)) {
    __builtin_trap();  // the engines differ
  }
  return 0;
}
