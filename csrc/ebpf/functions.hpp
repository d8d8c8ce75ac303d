// Where the functions of a program start whose code is in one piece, calls resolved.
#pragma once

#include <cstdint>
#include <vector>

#include "ebpf/isa.hpp"

namespace ringbed::ebpf {

// The instruction that a call of a local function, or a load of its address, leads to; 0: it is
// neither.
[[nodiscard]] std::uint32_t callee(const std::vector<RawInstruction>& code,
                                   std::size_t at) noexcept;

// A call of what is not there, as libbpf writes it, from this number on: a fault when it is
// reached.
inline constexpr std::int32_t kNoSuchHelper = 195'896'080;

// Ascending: 0, the program's own function, then all that are called.
[[nodiscard]] std::vector<std::uint32_t> function_starts(const std::vector<RawInstruction>& code);

// Whether it tail-calls, and never from its own function: what it tail-calls comes back then.
[[nodiscard]] bool tail_calls_from_functions_only(const std::vector<RawInstruction>& code);

// Whether a helper is given one of them to call back: the kernel then wants to know their types.
[[nodiscard]] bool has_callbacks(const std::vector<RawInstruction>& code) noexcept;

}  // namespace ringbed::ebpf
