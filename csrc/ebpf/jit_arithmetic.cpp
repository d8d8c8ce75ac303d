// ALU, ALU64 and byte swaps (RFC 9669 sections 4.1 and 4.2). A 32-bit operation of the CPU clears
// the high half, as BPF's does.
#include "ebpf/jit_translator.hpp"

namespace ringbed::ebpf::jit {

void Translator::arithmetic(const RawInstruction& in) {
  const Width width = in.instruction_class() == cls::alu64 ? Width::w64 : Width::w32;
  const Reg dst = reg(in.dst);
  const auto two_operands = [&](Alu op) {
    in.from_register() ? out_.alu(op, width, dst, source(in.src))
                       : out_.alu(op, width, dst, in.imm);
  };
  const auto shift = [&](Shift op) {
    if (in.from_register()) {
      return out_.shift(op, width, dst, dst, source(in.src));
    }
    const auto count = static_cast<std::uint8_t>(in.imm & (width == Width::w64 ? 63 : 31));
    count == 0 ? out_.move(width, dst, dst) : out_.shift(op, width, dst, count);
  };
  switch (in.operation()) {
    case alu_op::add: return two_operands(Alu::add);
    case alu_op::sub: return two_operands(Alu::sub);
    case alu_op::or_: return two_operands(Alu::or_);
    case alu_op::and_: return two_operands(Alu::and_);
    case alu_op::xor_: return two_operands(Alu::xor_);
    case alu_op::mul:
      return in.from_register() ? out_.multiply(width, dst, source(in.src))
                                : out_.multiply(width, dst, dst, in.imm);
    case alu_op::div:
    case alu_op::mod: return divide(in, width);
    case alu_op::lsh: return shift(Shift::left);
    case alu_op::rsh: return shift(Shift::right);
    case alu_op::arsh: return shift(Shift::arithmetic_right);
    case alu_op::neg: return out_.negate(width, dst);
    case alu_op::mov: return move(in, width);
    default: return byte_order(in);
  }
}

void Translator::move(const RawInstruction& in, Width width) {
  const Reg dst = reg(in.dst);
  if (!in.from_register()) {
    const auto value = static_cast<std::uint64_t>(std::int64_t{in.imm});
    return out_.move_immediate(dst, width == Width::w64 ? value : value & 0xffff'ffff);
  }
  const Reg from = source(in.src);
  if (in.offset == 0) {
    return out_.move(width, dst, from);
  }
  out_.extend_sign(static_cast<unsigned>(in.offset) / 8, width, dst, from);
}

void Translator::byte_order(const RawInstruction& in) {
  const Reg dst = reg(in.dst);
  const bool swaps = in.instruction_class() == cls::alu64 || in.from_register();
  if (in.imm == 16) {
    if (swaps) out_.rotate16(dst);
    return out_.extend_zero(2, dst, dst);
  }
  if (swaps) {
    return out_.swap_bytes(in.imm == 64 ? Width::w64 : Width::w32, dst);
  }
  if (in.imm == 32) out_.move(Width::w32, dst, dst);
}

// The CPU divides rdx:rax and traps on what BPF defines: division by 0, and the least number by -1.
void Translator::divide(const RawInstruction& in, Width width) {
  const Reg dst = reg(in.dst);
  const bool modulo = in.operation() == alu_op::mod;
  const bool is_signed = in.offset != 0;
  const Label zero = out_.label();
  const Label minus_one = out_.label();
  const Label done = out_.label();
  if (in.from_register()) {
    out_.move(width, kScratch2, source(in.src));
  } else {
    const auto value = static_cast<std::uint64_t>(std::int64_t{in.imm});
    out_.move_immediate(kScratch2, width == Width::w64 ? value : value & 0xffff'ffff);
  }
  out_.test(width, kScratch2, kScratch2);
  out_.jump_if(Condition::equal, zero);
  if (is_signed) {
    out_.alu(Alu::cmp, width, kScratch2, -1);
    out_.jump_if(Condition::equal, minus_one);
  }
  if (dst != Reg::rdx) out_.push(Reg::rdx);
  if (dst != Reg::rax) {
    out_.move(Width::w64, kScratch, Reg::rax);
    out_.move(Width::w64, Reg::rax, dst);
  }
  if (is_signed) {
    out_.extend_rax(width);
    out_.divide_signed(width, kScratch2);
  } else {
    out_.zero(Reg::rdx);
    out_.divide(width, kScratch2);
  }
  out_.move(width, kScratch2, modulo ? Reg::rdx : Reg::rax);
  if (dst != Reg::rax) out_.move(Width::w64, Reg::rax, kScratch);
  if (dst != Reg::rdx) out_.pop(Reg::rdx);
  out_.move(width, dst, kScratch2);
  out_.jump(done);
  out_.bind(zero);
  modulo ? out_.move(width, dst, dst) : out_.zero(dst);
  if (is_signed) out_.jump(done);
  out_.bind(minus_one);
  if (is_signed) modulo ? out_.zero(dst) : out_.negate(width, dst);
  out_.bind(done);
}

}  // namespace ringbed::ebpf::jit
