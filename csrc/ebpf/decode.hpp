// Checks a program against the instruction set and decodes it. Every error names the instruction
// by index: undefined opcodes, register numbers, reserved fields that are not zero, jumps that
// leave the program or land inside a 64-bit immediate load, instructions newer than the CPU
// version. Data-dependent faults (memory, limits) are the machine's.
#pragma once

#include "base/result.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf {

struct DecodeOptions {
  CpuVersion cpu = CpuVersion::v4;
  Mode mode = Mode::isa;
};

// 64-bit immediate loads with src 1 to 6 must have been resolved to handles or addresses by now
// (src 0), but for src 4, a function of the same program. O(instructions).
[[nodiscard]] base::Result<Program> decode(std::vector<RawInstruction> instructions,
                                           const DecodeOptions& options = {});

}  // namespace ringbed::ebpf
