#include "ebpf/jit_translator.hpp"

#include <algorithm>

#include "ebpf/helpers.hpp"

namespace ringbed::ebpf::jit {

namespace {

constexpr std::array<Reg, 10> kRegisterOf = {Reg::rax, Reg::rdi, Reg::rsi, Reg::rdx, Reg::rcx,
                                             Reg::r8,  Reg::rbx, Reg::r13, Reg::r14, Reg::r15};

// What our caller expects back, of those that BPF registers live in.
constexpr std::array<unsigned, 4> kPreserved = {6, 7, 8, 9};

void zero_frame(State* state) noexcept {
  std::memset(state->frame, 0, kStackBytes);
  if (state->dirty_frames == state->depth + 1) --state->dirty_frames;
}

// Whether code that is not this program's own, or this program anew, may run inside it.
bool enters(const RawInstruction& in) {
  return in.opcode == kCallRegister ||
         (in.opcode == kCall && (in.src == pseudo::local_call || in.imm == kTailCallHelper ||
                                 helper_effects(static_cast<std::uint32_t>(in.imm)).calls_back));
}
bool uses(const Program& program, unsigned bpf) {
  return std::any_of(program.raw.begin(), program.raw.end(),
                     [bpf](const RawInstruction& in) { return in.dst == bpf || in.src == bpf; });
}

}  // namespace

Translator::Translator(const Program& program, const Machine& machine)
    : program_(program), machine_(machine), flow_(program, machine) {
  const std::size_t size = program.raw.size();
  blocks_.resize(size + 1);
  for (std::size_t at = 0; at <= size; ++at) {
    if (flow_.starts_block(at)) blocks_[at] = out_.label();
  }
  for (auto& access : checks_) {
    for (Check& check : access) check.label = out_.label();
  }
  leave_ = out_.label();
  leave_with_ = out_.label();
  zero_frame_ = out_.label();
  enters_ = std::any_of(program.raw.begin(), program.raw.end(), enters);
  functions_ = !flow_.callbacks().empty() ||
               std::any_of(program.raw.begin(), program.raw.end(), [](const RawInstruction& in) {
                 return in.opcode == kCall && in.src == pseudo::local_call;
               });
  tail_calls_ = std::ranges::any_of(program.raw, [](const RawInstruction& in) {
    return in.opcode == kCallRegister ||
           (in.opcode == kCall && in.src == pseudo::helper_call && in.imm == kTailCallHelper);
  });
  may_goto_ = std::ranges::any_of(program.raw,
                                  [](const RawInstruction& in) { return in.opcode == kMayGoto; });
  for (const unsigned bpf : kPreserved) {
    if (enters_ || uses(program, bpf)) saved_.push_back(kRegisterOf[bpf]);
  }
  saved_.push_back(kPacketDelta);
  saved_.push_back(Reg::rbp);
}

Reg Translator::reg(unsigned bpf) const { return kRegisterOf[bpf]; }

Reg Translator::source(unsigned bpf) {
  if (bpf != kFramePointer) {
    return reg(bpf);
  }
  out_.load(8, kScratch2, in_state(offsetof(State, r) + kFramePointer * 8));
  return kScratch2;
}

Label Translator::at_block(std::size_t at) { return blocks_[at]; }

Label Translator::leave_at(std::size_t at) {
  const auto found = leaves_.find(at);
  if (found != leaves_.end()) {
    return found->second;
  }
  const Label label = out_.label();
  leaves_.emplace(at, label);
  return label;
}

// How deep stores at known places reach into the frame.
void Translator::measure_stack() {
  const std::size_t size = program_.raw.size();
  bool live = false;
  for (std::size_t at = 0; at < size; ++at) {
    if (flow_.starts_block(at)) {
      live = flow_.reached(at);
      if (live) registers_ = flow_.at_start(at);
    }
    const RawInstruction& in = program_.raw[at];
    const bool stores = in.instruction_class() == cls::st || in.instruction_class() == cls::stx;
    if (live) {
      const Value& base = registers_[in.dst];
      if (stores && base.kind == Kind::stack) {
        const std::int64_t depth = -(std::int64_t{base.offset} + in.offset);
        stack_bytes_ = std::max(stack_bytes_, static_cast<std::uint32_t>(std::clamp<std::int64_t>(
                                                  depth, 0, std::int64_t{kStackBytes})));
      }
      flow_.step(at, registers_);
    }
    at += in.opcode == kLoadImm64 ? 1 : 0;
  }
  stack_bytes_ = (stack_bytes_ + 7) / 8 * 8;
}

Translation Translator::run() {
  measure_stack();
  const std::size_t size = program_.raw.size();
  const Label body = out_.label();
  result_.start = out_.size();
  for (const Reg saved : saved_) out_.push(saved);
  entry(false);
  begin_turns();
  out_.call(body);
  finish();

  result_.tail = out_.size();
  begin_turns();
  if (flow_.takes_context()) {
    out_.compare_byte(in_state(offsetof(State, context)), static_cast<std::uint8_t>(program_.type));
    out_.jump_if(Condition::not_equal, leave_at(0));
    out_.move_immediate(kScratch, address_of(kContextRegion, 0));
    out_.alu(Alu::cmp, Width::w64, reg(1), kScratch);
    out_.jump_if(Condition::not_equal, leave_at(0));
  }
  out_.bind(body);
  result_.instructions.resize(size + 1);
  bool live = false;
  for (std::size_t at = 0; at < size; ++at) {
    result_.instructions[at] = out_.size();
    if (flow_.starts_block(at)) {
      out_.bind(blocks_[at]);
      live = flow_.reached(at);
      if (live) {
        registers_ = flow_.at_start(at);
      } else {
        out_.jump(leave_at(at));
      }
    }
    if (live) {
      instruction(at);
      flow_.step(at, registers_);
    }
    if (program_.raw[at].opcode == kLoadImm64) result_.instructions[++at] = out_.size();
  }
  result_.instructions[size] = out_.size();
  out_.bind(blocks_[size]);
  out_.jump(leave_at(size));

  result_.resume = out_.size();
  for (const Reg saved : saved_) out_.push(saved);
  entry(true);
  out_.call(kScratch);
  finish();
  edge_stubs();
  check_stubs();
  leave_stubs();
  for (const std::uint32_t callback : flow_.callbacks()) {
    result_.functions[callback] = out_.position_of(blocks_[callback]);
  }
  result_.bytes = out_.finish();
  return std::move(result_);
}

// Arguments are those of NativeCode::Start and Resume. Behind it rsp is such that the function
// called next has it aligned to 16 bytes.
void Translator::entry(bool resume) {
  out_.move(Width::w64, Reg::rbp, Reg::rdi);
  if (saved_.size() % 2 != 0) {
    out_.alu(Alu::sub, Width::w64, Reg::rsp, 8);
  }
  out_.store(8, in_state(offsetof(State, native_stack)), Reg::rsp);
  if (resume) {
    reload_packet();
    out_.move(Width::w64, kScratch, Reg::rsi);
    for (unsigned bpf = 0; bpf < kRegisterOf.size(); ++bpf) {
      if (bpf < 6 || std::find(saved_.begin(), saved_.end(), reg(bpf)) != saved_.end()) {
        out_.load(8, reg(bpf), in_state(offsetof(State, r) + bpf * 8));
      }
    }
    out_.load(8, kJumped, in_state(offsetof(State, jumped)));
    return;
  }
  out_.move(Width::w64, reg(1), Reg::rsi);
  out_.move(Width::w64, reg(2), Reg::rdx);
  out_.move(Width::w64, kPacketDelta, Reg::rcx);
  for (const unsigned bpf : {0u, 3u, 4u, 5u}) out_.zero(reg(bpf));
  for (const unsigned bpf : kPreserved) {
    if (std::find(saved_.begin(), saved_.end(), reg(bpf)) != saved_.end()) out_.zero(reg(bpf));
  }
  out_.zero(kJumped);
}

// Where the outermost function returns to, with r0 and the count; leave_offset_ bytes on, the
// same in every program, where an exit to the interpreter lands, with rax set. Both restore what
// this entry saved, which is why the exit must find its entry: another program may have made it,
// before a tail call.
void Translator::finish() {
  const std::size_t start = out_.size();
  out_.store(8, in_state(offsetof(State, r)), Reg::rax);
  out_.store(8, in_state(offsetof(State, finished)), kJumped);
  out_.zero(Reg::rax);
  leave_offset_ = static_cast<std::int32_t>(out_.size() - start);
  if (saved_.size() % 2 != 0) {
    out_.alu(Alu::add, Width::w64, Reg::rsp, 8);
  }
  for (auto saved = saved_.rbegin(); saved != saved_.rend(); ++saved) out_.pop(*saved);
  out_.ret();
}

void Translator::leave_stubs() {
  for (const auto& [at, label] : leaves_) {
    out_.bind(label);
    out_.move_immediate(kScratch, at);
    out_.jump(leave_);
  }
  out_.bind(leave_);
  for (unsigned bpf = 0; bpf < kRegisterOf.size(); ++bpf) {
    const Memory slot = in_state(offsetof(State, r) + bpf * 8);
    if (bpf < 6 || std::find(saved_.begin(), saved_.end(), reg(bpf)) != saved_.end()) {
      out_.store(8, slot, reg(bpf));
    } else {
      out_.store_immediate(8, slot, 0);
    }
  }
  out_.store(8, in_state(offsetof(State, jumped)), kJumped);
  static_assert(sizeof(Instruction) == 16);
  out_.shift(Shift::left, Width::w64, kScratch, 4);
  out_.move_immediate(Reg::rax, reinterpret_cast<std::uintptr_t>(program_.code.data()));
  out_.alu(Alu::add, Width::w64, Reg::rax, kScratch);
  out_.bind(leave_with_);
  out_.load(8, Reg::rsp, in_state(offsetof(State, native_stack)));
  out_.load(8, kScratch2, {Reg::rsp, -8});  // the return address of the entry's call
  out_.alu(Alu::add, Width::w64, kScratch2, leave_offset_);
  out_.jump(kScratch2);
  out_.bind(zero_frame_);
  if (zeroes_frames_) {
    // r10 keeps the stack aligned.
    constexpr std::array<Reg, 8> kVolatile = {Reg::rax, Reg::rdi, Reg::rsi, Reg::rdx,
                                              Reg::rcx, Reg::r8,  Reg::r9,  Reg::r10};
    for (const Reg each : kVolatile) out_.push(each);
    out_.move(Width::w64, Reg::rdi, Reg::rbp);
    out_.call(reinterpret_cast<const void*>(&zero_frame));
    for (auto each = kVolatile.rbegin(); each != kVolatile.rend(); ++each) out_.pop(*each);
    out_.ret();
  }
}

// ebpf::find() as code: r10 is the VM address before and the host's after; carry: not allowed.
void Translator::check_stubs() {
  for (unsigned access = 0; access < 2; ++access) {
    for (unsigned log = 0; log < 4; ++log) {
      const Check& check = checks_[access][log];
      out_.bind(check.label);
      if (!check.used) continue;
      const bool write = access == static_cast<unsigned>(Access::write);
      const Label fail = out_.label();
      out_.push(Reg::rcx);
      out_.move(Width::w64, kScratch2, kScratch);
      out_.shift(Shift::right, Width::w64, kScratch2, 32);
      out_.alu(Alu::cmp, Width::w32, kScratch2, in_state(offsetof(State, region_count)));
      out_.jump_if(Condition::above_equal, fail);
      if (write) {
        const Label no_stack = out_.label();
        out_.address(Reg::rcx, {kScratch2, -static_cast<std::int32_t>(kStackRegion)});
        out_.alu(Alu::cmp, Width::w32, Reg::rcx, kAllFrames);
        out_.jump_if(Condition::above_equal, no_stack);
        mark_dirty(Reg::rcx);
        out_.bind(no_stack);
      }
      out_.shift(Shift::left, Width::w64, kScratch2, 5);
      out_.alu(Alu::add, Width::w64, kScratch2, in_state(offsetof(State, regions)));
      out_.alu(Alu::sub, Width::w32, kScratch, Memory{kScratch2, offsetof(Region, start)});
      out_.alu(Alu::cmp, Width::w32, kScratch, Memory{kScratch2, offsetof(Region, size)});
      out_.jump_if(Condition::above_equal, fail);
      out_.load(4, Reg::rcx, {kScratch2, offsetof(Region, mask)});
      out_.alu(Alu::and_, Width::w32, Reg::rcx, kScratch);
      out_.alu(Alu::add, Width::w32, Reg::rcx, 1 << log);
      out_.alu(Alu::cmp, Width::w32, Reg::rcx,
               Memory{kScratch2, write ? static_cast<std::int32_t>(offsetof(Region, write_limit))
                                       : static_cast<std::int32_t>(offsetof(Region, read_limit))});
      out_.jump_if(Condition::above, fail);
      out_.alu(Alu::add, Width::w64, kScratch, Memory{kScratch2, offsetof(Region, base)});
      out_.pop(Reg::rcx);
      out_.clear_carry();
      out_.ret();
      out_.bind(fail);
      out_.pop(Reg::rcx);
      out_.set_carry();
      out_.ret();
    }
  }
}

void Translator::instruction(std::size_t at) {
  const RawInstruction& in = program_.raw[at];
  switch (in.instruction_class()) {
    case cls::alu:
    case cls::alu64: return arithmetic(in);
    case cls::jmp:
    case cls::jmp32:
      if (in.opcode == kExit) return return_from(at);
      if (in.opcode == kCallRegister) return call_register(at);
      if (in.opcode != kCall) return jump(at);
      return in.src == pseudo::local_call ? local_call(at) : helper_call(at);
    case cls::ld:
      if (in.opcode != kLoadImm64) return load_packet(at);
      return out_.move_immediate(
          reg(in.dst),
          static_cast<std::uint32_t>(program_.code[at].imm) |
              static_cast<std::uint64_t>(static_cast<std::uint32_t>(program_.code[at + 1].imm))
                  << 32);
    case cls::ldx: return load(at);
    default:
      return in.instruction_class() == cls::stx && in.memory_mode() == mode::atomic ? atomic(at)
                                                                                    : store(at);
  }
}

}  // namespace ringbed::ebpf::jit
