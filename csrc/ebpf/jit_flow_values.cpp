// The part of the analysis that is about single operations: arithmetic and comparisons.
#include <algorithm>
#include <bit>

#include "ebpf/jit_flow.hpp"

namespace ringbed::ebpf::jit {

namespace {

bool is_pointer(const Value& value) {
  return value.kind != Kind::scalar && value.kind != Kind::packet_end &&
         value.kind != Kind::map_value_or_null;
}

// The interval of a scalar result; operands are already of the operation's width.
Value compute(std::uint8_t op, const Value& a, const Value& b, unsigned bits) {
  const bool known = b.low == b.high;
  switch (op) {
    case alu_op::add:
      if (a.high <= kAny - b.high) return Value::scalar(a.low + b.low, a.high + b.high);
      return {};
    case alu_op::sub:
      return a.low >= b.high ? Value::scalar(a.low - b.high, a.high - b.low) : Value{};
    case alu_op::mul:
      if (a.high <= kMax32 && b.high <= kMax32) {
        return Value::scalar(a.low * b.low, a.high * b.high);
      }
      return {};
    case alu_op::and_: return Value::scalar(0, std::min(a.high, b.high));
    case alu_op::or_:
    case alu_op::xor_: {
      const auto width = std::bit_width(a.high | b.high);
      return Value::scalar(0, width == 64 ? kAny : (std::uint64_t{1} << width) - 1);
    }
    case alu_op::lsh: {
      const auto count = static_cast<unsigned>(b.low & (bits - 1));
      if (known && a.high <= kAny >> count) return Value::scalar(a.low << count, a.high << count);
      return {};
    }
    case alu_op::rsh:
      if (!known) return Value::scalar(0, a.high);
      return Value::scalar(a.low >> (b.low & (bits - 1)), a.high >> (b.low & (bits - 1)));
    case alu_op::mov: return b;
    default: return {};
  }
}

// What the low 32 bits can be.
Value narrowed(const Value& value) {
  return value.kind == Kind::scalar && value.high <= kMax32 ? value : Value::scalar(0, kMax32);
}

// Scalar bounds of `value` where it compared so with the constant `with` (64 bits, unsigned).
void bound(Value& value, std::uint8_t op, std::uint64_t with, bool holds) {
  if (value.kind != Kind::scalar) return;
  const auto at_most = [&](std::uint64_t limit) { value.high = std::min(value.high, limit); };
  const auto at_least = [&](std::uint64_t limit) { value.low = std::max(value.low, limit); };
  const Value old = value;
  switch (op) {
    case jmp_op::jeq:
    case jmp_op::jne:
      if ((op == jmp_op::jeq) == holds) at_most(with), at_least(with);
      break;
    case jmp_op::jgt:
      if (holds && with < kAny) at_least(with + 1);
      if (!holds) at_most(with);
      break;
    case jmp_op::jge:
      if (holds) at_least(with);
      if (!holds && with > 0) at_most(with - 1);
      break;
    case jmp_op::jlt:
      if (holds && with > 0) at_most(with - 1);
      if (!holds) at_least(with);
      break;
    case jmp_op::jle:
      if (holds) at_most(with);
      if (!holds && with < kAny) at_least(with + 1);
      break;
    default: break;
  }
  if (value.low > value.high) value = old;  // a path that is never taken
}

// `pointer` is at most data_end, less `beyond` bytes: every copy of it knows.
void prove(Registers& r, const Value& pointer, std::int32_t beyond) {
  const std::int64_t range = std::int64_t{pointer.offset} + beyond;
  for (Value& value : r.r) {
    if (range > 0 && value.kind == Kind::packet && value.id == pointer.id) {
      value.low = std::max(value.low, static_cast<std::uint64_t>(range));
    }
  }
}

// op with its operands the other way round.
std::uint8_t mirrored(std::uint8_t op) {
  switch (op) {
    case jmp_op::jgt: return jmp_op::jlt;
    case jmp_op::jlt: return jmp_op::jgt;
    case jmp_op::jge: return jmp_op::jle;
    case jmp_op::jle: return jmp_op::jge;
    default: return op;
  }
}

void compare_with_end(std::uint8_t op, const Value& pointer, Registers& taken, Registers& next) {
  switch (op) {
    case jmp_op::jgt: prove(next, pointer, 0); break;
    case jmp_op::jge: prove(next, pointer, 1); break;
    case jmp_op::jlt: prove(taken, pointer, 1); break;
    case jmp_op::jle: prove(taken, pointer, 0); break;
    default: break;
  }
}

// A map value of unknown presence, compared with 0.
void resolve_null(Registers& r, const Value& found, bool null) {
  for (Value& value : r.r) {
    if (value == found) {
      value = null ? Value::constant(0) : Value{Kind::map_value, found.id, 0, 0, 0};
    }
  }
}

}  // namespace

void Flow::branch(std::size_t at, const Registers& before, Registers& taken,
                  Registers& next) const {
  const RawInstruction& in = program_.raw[at];
  if (in.instruction_class() != cls::jmp) {
    return;
  }
  const Value& left = before[in.dst];
  if (in.from_register()) {
    const Value& right = before[in.src];
    if (left.kind == Kind::packet && right.kind == Kind::packet_end) {
      compare_with_end(in.operation(), left, taken, next);
    } else if (left.kind == Kind::packet_end && right.kind == Kind::packet) {
      compare_with_end(mirrored(in.operation()), right, taken, next);
    } else if (right.is_constant()) {
      bound(taken[in.dst], in.operation(), right.low, true);
      bound(next[in.dst], in.operation(), right.low, false);
    }
    return;
  }
  const bool equality = in.operation() == jmp_op::jeq || in.operation() == jmp_op::jne;
  if (left.kind == Kind::map_value_or_null && in.imm == 0 && equality) {
    resolve_null(taken, left, in.operation() == jmp_op::jeq);
    resolve_null(next, left, in.operation() == jmp_op::jne);
    return;
  }
  const auto with = static_cast<std::uint64_t>(std::int64_t{in.imm});
  bound(taken[in.dst], in.operation(), with, true);
  bound(next[in.dst], in.operation(), with, false);
}

// r[dst] = pointer + by.
void Flow::add_pointer(std::size_t at, Registers& r, unsigned dst, Value pointer,
                       const Value& by) const {
  if (by.is_constant()) {
    const std::int64_t offset = static_cast<std::int64_t>(by.low);
    const std::int64_t sum = pointer.offset + std::clamp(offset, -2 * kMaxOffset, 2 * kMaxOffset);
    r[dst] = pointer;
    if (sum < -kMaxOffset || sum > kMaxOffset) r[dst] = {};
    r[dst].offset = r[dst].kind == Kind::scalar ? 0 : static_cast<std::int32_t>(sum);
    return;
  }
  r[dst] = {};
  if (by.kind != Kind::scalar || by.high > static_cast<std::uint64_t>(kMaxOffset)) {
    return;
  }
  if (pointer.kind == Kind::packet && pointer.offset >= 0) {
    const auto offset = static_cast<std::uint64_t>(pointer.offset);
    const std::uint64_t reach = (offset <= pointer.low ? 0 : pointer.high + offset) + by.high;
    const auto id = static_cast<std::uint32_t>(at) + 1;
    for (Value& value : r.r) {
      if (value.kind == Kind::packet && value.id == id) value = {};
    }
    if (reach <= kMaxReach) r[dst] = {Kind::packet, id, 0, 0, reach};
  } else if (pointer.kind == Kind::stack || pointer.kind == Kind::map_value) {
    if (pointer.high + by.high <= static_cast<std::uint64_t>(kMaxOffset)) {
      pointer.high += by.high;
      r[dst] = pointer;
    }
  }
}

void Flow::arithmetic(std::size_t at, Registers& r) const {
  const RawInstruction& in = program_.raw[at];
  const std::uint8_t op = in.operation();
  const bool wide = in.instruction_class() == cls::alu64;
  const auto imm = static_cast<std::uint64_t>(std::int64_t{in.imm});
  if (op == alu_op::end) {
    r[in.dst] = in.imm == 64 ? Value{} : Value::scalar(0, (std::uint64_t{1} << in.imm) - 1);
    return;
  }
  const Value left = r[in.dst];
  const Value right = in.from_register() ? r[in.src] : Value::constant(imm);
  if (wide) {
    if (op == alu_op::mov && in.offset == 0) {
      r[in.dst] = right;
      return;
    }
    if (op == alu_op::add && is_pointer(left)) return add_pointer(at, r, in.dst, left, right);
    if (op == alu_op::add && is_pointer(right)) return add_pointer(at, r, in.dst, right, left);
    if (op == alu_op::sub && is_pointer(left) && right.is_constant()) {
      return add_pointer(at, r, in.dst, left, Value::constant(0 - right.low));
    }
    const bool scalars = left.kind == Kind::scalar && right.kind == Kind::scalar && in.offset == 0;
    const Value a = left.kind == Kind::scalar ? left : Value{};
    r[in.dst] = scalars || op == alu_op::and_ || op == alu_op::rsh
                    ? compute(op, a, right.kind == Kind::scalar ? right : Value{}, 64)
                    : Value{};
    return;
  }
  const Value result =
      in.offset == 0
          ? compute(op, narrowed(left),
                    in.from_register() ? narrowed(right) : Value::constant(imm & kMax32), 32)
          : Value{};
  r[in.dst] = narrowed(result);
}

}  // namespace ringbed::ebpf::jit
