// ALU, ALU64 and byte swaps (RFC 9669 sections 4.1 and 4.2).
#include "base/endian.hpp"
#include "ebpf/handlers.hpp"
#include "ebpf/semantics.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

namespace op = semantics;

// A 32-bit result is zero-extended; an immediate is sign-extended first.
template <typename T, auto kOperation, bool kRegister>
const Instruction* binary(const Instruction* at, State& state) {
  const T right = kRegister ? static_cast<T>(state.r[at->src])
                            : static_cast<T>(static_cast<std::uint64_t>(std::int64_t{at->imm}));
  state.r[at->dst] = kOperation(static_cast<T>(state.r[at->dst]), right);
  return proceed(at + 1, state);
}

template <auto kOperation>
Handler pick(const RawInstruction& in) noexcept {
  if (in.instruction_class() == cls::alu64) {
    return in.from_register() ? binary<std::uint64_t, kOperation, true>
                              : binary<std::uint64_t, kOperation, false>;
  }
  return in.from_register() ? binary<std::uint32_t, kOperation, true>
                            : binary<std::uint32_t, kOperation, false>;
}

template <std::unsigned_integral T>
const Instruction* truncate(const Instruction* at, State& state) {
  state.r[at->dst] = static_cast<T>(state.r[at->dst]);
  return proceed(at + 1, state);
}

template <std::unsigned_integral T>
const Instruction* swap(const Instruction* at, State& state) {
  state.r[at->dst] = base::byte_swap(static_cast<T>(state.r[at->dst]));
  return proceed(at + 1, state);
}

// `to`: the class and S bit choose to-little-endian, to-big-endian or an unconditional swap.
Handler byte_order(const RawInstruction& in) noexcept {
  const bool always = in.instruction_class() == cls::alu64;
  constexpr bool kLittleHost = std::endian::native == std::endian::little;
  const bool swaps = always || in.from_register() == kLittleHost;
  switch (in.imm) {
    case 16: return swaps ? swap<std::uint16_t> : truncate<std::uint16_t>;
    case 32: return swaps ? swap<std::uint32_t> : truncate<std::uint32_t>;
    case 64: return swaps ? swap<std::uint64_t> : truncate<std::uint64_t>;
    default: return nullptr;
  }
}

Handler move(const RawInstruction& in) noexcept {
  switch (in.offset) {
    case 0: return pick<op::mov>(in);
    case 8: return pick<op::sign_extend<std::uint8_t>>(in);
    case 16: return pick<op::sign_extend<std::uint16_t>>(in);
    case 32: return pick<op::sign_extend<std::uint32_t>>(in);
    default: return nullptr;
  }
}

}  // namespace

Handler arithmetic_handler(const RawInstruction& in) noexcept {
  switch (in.operation()) {
    case alu_op::add: return pick<op::add>(in);
    case alu_op::sub: return pick<op::sub>(in);
    case alu_op::mul: return pick<op::mul>(in);
    case alu_op::div: return in.offset == 0 ? pick<op::div>(in) : pick<op::sdiv>(in);
    case alu_op::or_: return pick<op::bit_or>(in);
    case alu_op::and_: return pick<op::bit_and>(in);
    case alu_op::lsh: return pick<op::lsh>(in);
    case alu_op::rsh: return pick<op::rsh>(in);
    case alu_op::neg: return pick<op::neg>(in);
    case alu_op::mod: return in.offset == 0 ? pick<op::mod>(in) : pick<op::smod>(in);
    case alu_op::xor_: return pick<op::bit_xor>(in);
    case alu_op::mov: return move(in);
    case alu_op::arsh: return pick<op::arsh>(in);
    case alu_op::end: return byte_order(in);
    default: return nullptr;
  }
}

}  // namespace ringbed::ebpf
