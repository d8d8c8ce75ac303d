// The interpreter's instructions: one small function each, made from templates over operation,
// width and operand, and found by opcode once, when a program is decoded.
#pragma once

#include "ebpf/program.hpp"

namespace ringbed::ebpf {

// The function for a valid instruction of each family; nullptr when there is none.
[[nodiscard]] Handler arithmetic_handler(const RawInstruction& instruction) noexcept;
[[nodiscard]] Handler jump_handler(const RawInstruction& instruction) noexcept;
[[nodiscard]] Handler memory_handler(const RawInstruction& instruction) noexcept;
[[nodiscard]] Handler atomic_handler(const RawInstruction& instruction) noexcept;
[[nodiscard]] Handler call_handler(const RawInstruction& instruction) noexcept;

// Any of them.
[[nodiscard]] Handler handler_for(const RawInstruction& instruction) noexcept;

// Returns from the current function, to its caller or out of the run.
const Instruction* leave(const Instruction* at, State& state);

const Instruction* tail_call(const Instruction* at, State& state);

// What stands in the second half of a 64-bit immediate load, where a made-up address may lead.
const Instruction* not_an_instruction(const Instruction* at, State& state);

// What stands behind the last instruction.
const Instruction* fell_off_the_end(const Instruction* at, State& state);

}  // namespace ringbed::ebpf
