// Conditional and unconditional jumps (RFC 9669 section 4.3).
#include "ebpf/handlers.hpp"
#include "ebpf/semantics.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

namespace op = semantics;

// Moves by `offset` instructions and keeps the count right (State::jumped). Only a jump backward
// can make a run endless.
const Instruction* go(const Instruction* at, State& state, std::int32_t offset) {
  state.jumped -= offset;
  if (offset < 0 && state.jumped > state.limit) [[unlikely]] {
    return state.stop(at, FaultKind::instruction_limit);
  }
  return proceed(at + 1 + offset, state);
}

template <typename T, auto kCompare, bool kRegister>
const Instruction* branch(const Instruction* at, State& state) {
  const T right = kRegister ? static_cast<T>(state.r[at->src])
                            : static_cast<T>(static_cast<std::uint64_t>(std::int64_t{at->imm}));
  return kCompare(static_cast<T>(state.r[at->dst]), right) ? go(at, state, at->offset)
                                                           : proceed(at + 1, state);
}

template <auto kCompare>
Handler pick(const RawInstruction& in) noexcept {
  if (in.instruction_class() == cls::jmp) {
    return in.from_register() ? branch<std::uint64_t, kCompare, true>
                              : branch<std::uint64_t, kCompare, false>;
  }
  return in.from_register() ? branch<std::uint32_t, kCompare, true>
                            : branch<std::uint32_t, kCompare, false>;
}

// Cuts loops short that the kernel's verifier could not bound otherwise.
const Instruction* may_goto(const Instruction* at, State& state) {
  std::uint32_t& left = state.frames[state.depth].turns_left;
  if (left == 0) {
    return go(at, state, at->offset);
  }
  --left;
  return proceed(at + 1, state);
}

const Instruction* jump(const Instruction* at, State& state) { return go(at, state, at->offset); }
const Instruction* jump_long(const Instruction* at, State& state) { return go(at, state, at->imm); }

}  // namespace

Handler jump_handler(const RawInstruction& in) noexcept {
  switch (in.operation()) {
    case jmp_op::ja: return in.instruction_class() == cls::jmp ? jump : jump_long;
    case jmp_op::jeq: return pick<op::eq>(in);
    case jmp_op::jgt: return pick<op::gt>(in);
    case jmp_op::jge: return pick<op::ge>(in);
    case jmp_op::jset: return pick<op::set>(in);
    case jmp_op::jne: return pick<op::ne>(in);
    case jmp_op::jsgt: return pick<op::as_signed<op::gt>>(in);
    case jmp_op::jsge: return pick<op::as_signed<op::ge>>(in);
    case jmp_op::jlt: return pick<op::lt>(in);
    case jmp_op::jle: return pick<op::le>(in);
    case jmp_op::jslt: return pick<op::as_signed<op::lt>>(in);
    case jmp_op::jsle: return pick<op::as_signed<op::le>>(in);
    case jmp_op::jcond:
      if (in.opcode != kMayGoto) return nullptr;
      return in.offset == 0 ? jump : may_goto;  // to the next instruction: the kernel drops it
    default: return nullptr;
  }
}

}  // namespace ringbed::ebpf
