#include "ebpf/isa.hpp"

#include <string>

#include "base/endian.hpp"

namespace ringbed::ebpf {

RawInstruction read_instruction(const std::uint8_t* from) noexcept {
  return {.opcode = from[0],
          .dst = static_cast<std::uint8_t>(from[1] & 0xf),
          .src = static_cast<std::uint8_t>(from[1] >> 4),
          .offset = static_cast<std::int16_t>(base::load_le<std::uint16_t>(from + 2)),
          .imm = static_cast<std::int32_t>(base::load_le<std::uint32_t>(from + 4))};
}

void write_instruction(std::uint8_t* to, const RawInstruction& instruction) noexcept {
  to[0] = instruction.opcode;
  to[1] = static_cast<std::uint8_t>(instruction.src << 4 | (instruction.dst & 0xf));
  base::store_le(to + 2, static_cast<std::uint16_t>(instruction.offset));
  base::store_le(to + 4, static_cast<std::uint32_t>(instruction.imm));
}

base::Result<std::vector<RawInstruction>> read_instructions(base::ByteView code) {
  if (code.empty() || code.size() % kInstructionBytes != 0) {
    return base::Error{base::ErrorCode::invalid,
                       "a program of " + std::to_string(code.size()) + " bytes",
                       "BPF instructions take eight bytes each, and there must be at least one"};
  }
  std::vector<RawInstruction> list;
  list.reserve(code.size() / kInstructionBytes);
  for (std::size_t at = 0; at < code.size(); at += kInstructionBytes) {
    list.push_back(read_instruction(code.data() + at));
  }
  return list;
}

}  // namespace ringbed::ebpf
