// Calls of local functions and helpers, exit, and tail calls (RFC 9669 section 4.3.1 to 4.3.3).
#include "ebpf/handlers.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

const Instruction* enter(const Instruction* at, State& state, const Instruction* target) {
  State::Frame& frame = state.frames[state.depth];
  if (frame.calls_left == 0) {
    return state.stop(at, FaultKind::call_depth, state.depth + 1);
  }
  state.jumped -= target - (at + 1);
  if (state.jumped > state.limit) {
    return state.stop(at, FaultKind::instruction_limit);
  }
  frame.back = at + 1;
  frame.program = state.program;
  frame.saved = {state.r[6], state.r[7], state.r[8], state.r[9]};
  state.open_frame();
  return target;
}

const Instruction* call_local(const Instruction* at, State& state) {
  return enter(at, state, at + 1 + at->imm);
}

const Instruction* call_helper_number(const Instruction* at, State& state, std::uint64_t number) {
  const HelperFunction helper = state.machine->helper(number);
  if (helper == nullptr) [[unlikely]] {
    return state.stop(at, FaultKind::unknown_helper, number);
  }
  state.mark = at;
  const std::uint64_t result = helper(*state.machine, state);
  if (state.fault.kind != FaultKind::none) [[unlikely]] {
    if (state.fault.program == nullptr) {  // not one from inside a callback
      state.fault.instruction = static_cast<std::uint32_t>(at - state.program->code.data());
      state.fault.program = state.program;
    }
    return nullptr;
  }
  state.r[0] = result;
  return at + 1;
}

const Instruction* call_helper(const Instruction* at, State& state) {
  return call_helper_number(at, state, static_cast<std::uint32_t>(at->imm));
}

// A function's address (a 64-bit immediate load with src 4) or else a helper's number.
const Instruction* call_register(const Instruction* at, State& state) {
  const std::uint64_t target = state.r[at->dst];
  if (high_half(target) == kFunctionHandle) {
    if (low_half(target) + 1 >= state.program->code.size()) {
      return state.stop(at, FaultKind::bad_call_target, target);
    }
    return enter(at, state, state.program->code.data() + low_half(target));
  }
  if (target == kTailCallHelper) {
    return tail_call(at, state);
  }
  if (state.machine->helper(target) == nullptr) {
    return state.stop(at, FaultKind::bad_call_target, target);
  }
  return call_helper_number(at, state, target);
}

}  // namespace

const Instruction* leave(const Instruction* at, State& state) {
  if (state.depth == state.base_depth) {
    state.finished = state.executed(at + 1);
    return nullptr;
  }
  --state.depth;
  const State::Frame& frame = state.frames[state.depth];
  state.jumped = state.executed(at + 1) - (frame.back - frame.program->code.data());
  state.program = frame.program;
  for (unsigned saved = 0; saved < frame.saved.size(); ++saved) {
    state.r[6 + saved] = frame.saved[saved];
  }
  state.r[kFramePointer] = State::frame_pointer(state.depth);
  return frame.back;
}

// The new program takes over the frame, and may go as deep from there as if it had been the first;
// a miss (bad index, empty slot, 33 calls made) goes on behind the call, as in the kernel.
const Instruction* tail_call(const Instruction* at, State& state) {
  state.mark = at;
  const Program* target = state.machine->tail_target(state, state.r[2], state.r[3]);
  if (state.fault.kind != FaultKind::none) [[unlikely]] {
    return state.stop(at, state.fault.kind, state.fault.address);
  }
  if (target == nullptr) {
    return at + 1;
  }
  state.jumped = state.executed(at + 1);
  state.program = target;
  state.frames[state.depth].calls_left = kMaxFrames - 1;
  state.frames[state.depth].turns_left = kMayGotoTurns;
  if (state.jumped > state.limit) {
    return state.stop(target->code.data(), FaultKind::instruction_limit);
  }
  return target->code.data();
}

const Instruction* not_an_instruction(const Instruction* at, State& state) {
  const auto index = static_cast<std::uint32_t>(at - state.program->code.data());
  return state.stop(at, FaultKind::bad_call_target, handle(kFunctionHandle, index));
}

const Instruction* fell_off_the_end(const Instruction* at, State& state) {
  return state.stop(at, FaultKind::fell_off_the_end);
}

Handler call_handler(const RawInstruction& in) noexcept {
  if (in.opcode == kExit) {
    return leave;
  }
  if (in.opcode == kCallRegister) {
    return call_register;
  }
  switch (in.src) {
    case pseudo::local_call: return call_local;
    case pseudo::helper_call: return in.imm == kTailCallHelper ? tail_call : call_helper;
    default: return nullptr;
  }
}

Handler handler_for(const RawInstruction& in) noexcept {
  switch (in.instruction_class()) {
    case cls::alu:
    case cls::alu64: return arithmetic_handler(in);
    case cls::jmp:
    case cls::jmp32:
      if (in.opcode == kExit || in.opcode == kCall || in.opcode == kCallRegister) {
        return call_handler(in);
      }
      return jump_handler(in);
    default:
      if (in.instruction_class() == cls::stx && in.memory_mode() == mode::atomic) {
        return atomic_handler(in);
      }
      return memory_handler(in);
  }
}

}  // namespace ringbed::ebpf
