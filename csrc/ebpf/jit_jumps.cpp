// Jumps, calls of local functions and exit (RFC 9669 section 4.3).
#include "ebpf/jit_translator.hpp"

namespace ringbed::ebpf::jit {

namespace {

Condition condition_of(std::uint8_t operation) {
  switch (operation) {
    case jmp_op::jeq: return Condition::equal;
    case jmp_op::jgt: return Condition::above;
    case jmp_op::jge: return Condition::above_equal;
    case jmp_op::jlt: return Condition::below;
    case jmp_op::jle: return Condition::below_equal;
    case jmp_op::jsgt: return Condition::greater;
    case jmp_op::jsge: return Condition::greater_equal;
    case jmp_op::jslt: return Condition::less;
    case jmp_op::jsle: return Condition::less_equal;
    default: return Condition::not_equal;  // jne, jset
  }
}

std::size_t moved(std::size_t at, std::int64_t offset) {
  return static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 + offset);
}

}  // namespace

void Translator::compare(const RawInstruction& in, Width width) {
  const Reg left = in.dst == kFramePointer ? kScratch : reg(in.dst);
  if (in.dst == kFramePointer) {
    out_.load(8, kScratch, in_state(offsetof(State, r) + kFramePointer * 8));
  }
  const bool bits = in.operation() == jmp_op::jset;
  if (in.from_register()) {
    const Reg right = source(in.src);
    bits ? out_.test(width, left, right) : out_.alu(Alu::cmp, width, left, right);
  } else if (bits) {
    out_.test(width, left, in.imm);
  } else if (in.imm == 0) {
    out_.test(width, left, left);  // the flags of a comparison with 0, but shorter
  } else {
    out_.alu(Alu::cmp, width, left, in.imm);
  }
}

// A jump by n subtracts n from the count (State::jumped). Forward, taken jumps do so out of line;
// backward ones also meet the limit.
void Translator::jump(std::size_t at) {
  const RawInstruction& in = program_.raw[at];
  const Width width = in.instruction_class() == cls::jmp ? Width::w64 : Width::w32;
  if (in.operation() == jmp_op::ja) {
    return go(at, width == Width::w64 ? std::int64_t{in.offset} : in.imm);
  }
  const bool may_goto = in.opcode == kMayGoto;
  if (may_goto && in.offset == 0) {
    return;
  }
  if (may_goto) {
    address_frame();
    out_.alu(Alu::cmp, Width::w32, frame(offsetof(State::Frame, turns_left)), 0);
  } else {
    compare(in, width);
  }
  const Condition condition = may_goto ? Condition::equal : condition_of(in.operation());
  if (in.offset < 0) {
    const Label on = out_.label();
    out_.jump_if(inverse(condition), on);
    go(at, in.offset);
    out_.bind(on);
  } else if (in.offset > 0) {
    const Label stub = out_.label();
    out_.jump_if(condition, stub);
    edges_.push_back({stub, moved(at, in.offset), in.offset});
  }
  if (may_goto) out_.decrement(frame(offsetof(State::Frame, turns_left)));
}

void Translator::edge_stubs() {
  for (const Edge& edge : edges_) {
    out_.bind(edge.stub);
    const bool exits = edge.target < program_.raw.size() &&
                       program_.raw[edge.target].opcode == kExit && stack_bytes_ == 0;
    if (exits) {
      out_.address(kJumped, {kJumped, static_cast<std::int32_t>(edge.target) + 1 - edge.offset});
      out_.ret();
      continue;
    }
    out_.address(kJumped, {kJumped, -edge.offset});
    out_.jump(at_block(edge.target));
  }
}

void Translator::go(std::size_t at, std::int64_t offset) {
  const auto back = static_cast<std::int32_t>(-offset);
  if (offset < 0) {
    out_.address(kScratch, {kJumped, back});
    out_.alu(Alu::cmp, Width::w64, kScratch, in_state(offsetof(State, limit)));
    out_.jump_if(Condition::greater, leave_at(at));
    out_.move(Width::w64, kJumped, kScratch);
  } else if (offset > 0) {
    out_.alu(Alu::add, Width::w64, kJumped, back);
  }
  if (offset != 0) out_.jump(at_block(moved(at, offset)));
}

// Returns with the number of executed instructions in r9.
void Translator::return_from(std::size_t at) {
  if (stack_bytes_ > kMaxInlineZero) {
    mark_dirty();
  } else if (stack_bytes_ > 0) {
    out_.load(8, kScratch, in_state(offsetof(State, frame)));
    for (std::uint32_t byte = kStackBytes - stack_bytes_; byte < kStackBytes; byte += 8) {
      out_.store_immediate(8, {kScratch, static_cast<std::int32_t>(byte)}, 0);
    }
  }
  out_.alu(Alu::add, Width::w64, kJumped, static_cast<std::int32_t>(at) + 1);
  out_.ret();
}

// Native code returns by the CPU's stack; State::frames is for the interpreter, which may have to
// go on inside the callee.
void Translator::local_call(std::size_t at) {
  const std::int64_t offset = program_.raw[at].imm;
  constexpr std::array<unsigned, 4> kSaved = {6, 7, 8, 9};
  const auto move_frame = [&](Alu op) {
    out_.alu(op, Width::w64, in_state(offsetof(State, frame)),
             static_cast<std::int32_t>(kStackBytes));
    out_.alu(op, Width::w32, in_state(offsetof(State, r) + kFramePointer * 8 + 4), 1);
  };
  address_frame();
  out_.load(4, kScratch2, frame(offsetof(State::Frame, calls_left)));
  out_.alu(Alu::sub, Width::w32, kScratch2, 1);
  out_.jump_if(Condition::below, leave_at(at));
  out_.store(4, frame(sizeof(State::Frame) + offsetof(State::Frame, calls_left)), kScratch2);
  if (may_goto_) {
    out_.store_immediate(4, frame(sizeof(State::Frame) + offsetof(State::Frame, turns_left)),
                         kMayGotoTurns);
  }
  out_.address(kScratch2, {kJumped, static_cast<std::int32_t>(-offset)});
  out_.alu(Alu::cmp, Width::w64, kScratch2, in_state(offsetof(State, limit)));
  out_.jump_if(Condition::greater, leave_at(at));
  out_.move(Width::w64, kJumped, kScratch2);
  out_.move_immediate(kScratch2, reinterpret_cast<std::uintptr_t>(program_.code.data() + at + 1));
  out_.store(8, frame(offsetof(State::Frame, back)), kScratch2);
  out_.load(8, kScratch2, in_state(offsetof(State, program)));
  out_.store(8, frame(offsetof(State::Frame, program)), kScratch2);
  for (std::size_t i = 0; i < kSaved.size(); ++i) {
    out_.store(8, frame(offsetof(State::Frame, saved) + i * 8), reg(kSaved[i]));
  }
  out_.increment(in_state(offsetof(State, depth)));
  move_frame(Alu::add);
  out_.alu(Alu::sub, Width::w64, Reg::rsp, 8);
  const Label clean = out_.label();
  out_.load(4, kScratch, in_state(offsetof(State, depth)));
  out_.alu(Alu::cmp, Width::w32, kScratch, in_state(offsetof(State, dirty_frames)));
  out_.jump_if(Condition::above_equal, clean);
  out_.call(zero_frame_);
  zeroes_frames_ = true;
  out_.bind(clean);
  out_.call(at_block(moved(at, offset)));
  out_.alu(Alu::add, Width::w64, Reg::rsp, 8);
  out_.alu(Alu::sub, Width::w64, kJumped, static_cast<std::int32_t>(at) + 1);
  out_.decrement(in_state(offsetof(State, depth)));
  move_frame(Alu::sub);
  address_frame();
  if (tail_calls_) {
    out_.load(8, kScratch2, frame(offsetof(State::Frame, program)));
    out_.store(8, in_state(offsetof(State, program)), kScratch2);
  }
  for (std::size_t i = 0; i < kSaved.size(); ++i) {
    out_.load(8, reg(kSaved[i]), frame(offsetof(State::Frame, saved) + i * 8));
  }
}

}  // namespace ringbed::ebpf::jit
