#include "ebpf/exec.hpp"

#include <utility>

#include "ebpf/machine.hpp"

namespace ringbed::ebpf {

base::Result<ExecResult> exec(base::ByteView code, base::MutableBytes memory,
                              const ExecOptions& options) {
  auto instructions = read_instructions(code);
  if (!instructions) {
    return instructions.error();
  }
  auto program = decode(std::move(instructions).value(), options.decode);
  if (!program) {
    return program.error();
  }
  if (memory.size() >= kRegionMaxBytes) {
    return base::Error{base::ErrorCode::resource, "more memory than a program can address", ""};
  }
  Machine machine;
  if (auto status = machine.set_engine(options.engine); !status) return status.error();
  if (auto status = machine.compile(program.value()); !status) return status.error();
  machine.set_instruction_limit(options.instruction_limit);
  const auto bytes = static_cast<std::uint32_t>(memory.size());
  machine.memory()[kPacketRegion] = Region::of(memory.data(), bytes);
  const Outcome outcome =
      machine.run(program.value(), bytes == 0 ? 0 : address_of(kPacketRegion, 0), bytes);
  if (!outcome.ok()) {
    return base::Error{base::ErrorCode::invalid, describe(outcome.fault), ""};
  }
  return ExecResult{outcome.r0, outcome.instructions};
}

}  // namespace ringbed::ebpf
