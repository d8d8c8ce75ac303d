// Loads, stores and atomics (RFC 9669 section 5): where the analysis proves an access, one
// instruction of the CPU; elsewhere the check of ebpf::find() before it.
#include <bit>

#include "ebpf/jit_translator.hpp"

namespace ringbed::ebpf::jit {

namespace {

std::int32_t displacement(std::int64_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

// A constant address: known here if its region is a map's, which stays where it is.
std::optional<Memory> Translator::fixed(std::uint64_t address, unsigned bytes, Access access) {
  const auto* regions = machine_.memory().data();
  const std::uint32_t count = machine_.memory().count();
  const std::uint8_t* found = high_half(address) < kFixedRegions ? nullptr
                              : access == Access::read
                                  ? find<Access::read>(regions, count, address, bytes)
                                  : find<Access::write>(regions, count, address, bytes);
  if (found == nullptr) {
    return std::nullopt;
  }
  out_.move_immediate(kScratch, reinterpret_cast<std::uintptr_t>(found));
  return Memory{kScratch, 0};
}

std::optional<Memory> Translator::proven(unsigned base, std::int32_t offset, unsigned bytes,
                                         Access access) {
  const Value& value = registers_[base];
  const std::int64_t first = std::int64_t{value.offset} + offset;
  const std::int64_t end = first + bytes;
  switch (value.kind) {
    case Kind::scalar:
      if (!value.is_constant()) return std::nullopt;
      return fixed(value.low + static_cast<std::uint64_t>(std::int64_t{offset}), bytes, access);
    case Kind::context: {
      const ContextLayout layout = context_layout(program_.type);
      const bool allowed = access == Access::read || program_.type != ProgramType::xdp;
      if (!allowed || first < 0 || end > std::int64_t{layout.bytes}) return std::nullopt;
      const auto from = reinterpret_cast<const std::uint8_t*>(&machine_.state());
      return Memory{Reg::rbp, displacement(machine_.packet().context() - from + first)};
    }
    case Kind::packet:
      if (first < 0 || static_cast<std::uint64_t>(end) > value.low) return std::nullopt;
      return Memory{reg(base), offset, kPacketDelta};
    case Kind::stack: {
      if (first < -std::int64_t{kStackBytes} || end + static_cast<std::int64_t>(value.high) > 0) {
        return std::nullopt;
      }
      out_.load(8, kScratch, in_state(offsetof(State, frame)));
      if (value.high == 0) return Memory{kScratch, displacement(kStackBytes + first)};
      out_.alu(Alu::sub, Width::w64, kScratch, in_state(offsetof(State, r) + kFramePointer * 8));
      return Memory{reg(base), displacement(std::int64_t{kStackBytes} + offset), kScratch};
    }
    case Kind::map_value: {
      const Map& map = *machine_.map(value.id);
      const Region& region = machine_.memory().data()[map.value_region()];
      const std::uint32_t limit = access == Access::read ? region.read_limit : region.write_limit;
      if (first < 0 || static_cast<std::uint64_t>(end) + value.high > limit) return std::nullopt;
      out_.move_immediate(kScratch, reinterpret_cast<std::uintptr_t>(region.base) -
                                        address_of(map.value_region(), 0));
      return Memory{reg(base), offset, kScratch};
    }
    default: return std::nullopt;
  }
}

Memory Translator::locate(std::size_t at, unsigned base, std::int32_t offset, unsigned bytes,
                          Access access) {
  if (const auto found = proven(base, offset, bytes, access)) {
    return *found;
  }
  if (base == kFramePointer) {
    out_.load(8, kScratch, in_state(offsetof(State, r) + kFramePointer * 8));
    if (offset != 0) out_.alu(Alu::add, Width::w64, kScratch, offset);
  } else {
    out_.address(kScratch, {reg(base), offset});
  }
  Check& check =
      checks_[static_cast<unsigned>(access)][static_cast<std::size_t>(std::countr_zero(bytes))];
  check.used = true;
  out_.call(check.label);
  out_.jump_if(Condition::below, leave_at(at));
  return {kScratch, 0};
}

void Translator::load(std::size_t at) {
  const RawInstruction& in = program_.raw[at];
  const unsigned bytes = access_bytes(in.memory_size());
  const Memory from = locate(at, in.src, in.offset, bytes, Access::read);
  // XDP's context is read-only; TC's may have been written to.
  if (registers_[in.src].kind == Kind::context && program_.type != ProgramType::xdp && bytes == 4) {
    const ContextLayout layout = context_layout(program_.type);
    const std::int64_t field = std::int64_t{registers_[in.src].offset} + in.offset;
    if (field == layout.data || field == layout.data_end) check_bounds_field(at, from);
  }
  if (in.memory_mode() == mode::memsx) {
    return out_.load_signed(bytes, reg(in.dst), from);
  }
  out_.load(bytes, reg(in.dst), from);
}

// Leaves unless the field lies between the packet's first byte and its end.
void Translator::check_bounds_field(std::size_t at, const Memory& field) {
  out_.load(4, kScratch2, field);
  out_.load(8, kScratch, in_state(offsetof(State, regions)));
  static_assert(kPacketRegion == 0);
  out_.alu(Alu::sub, Width::w32, kScratch2, Memory{kScratch, offsetof(Region, start)});
  out_.alu(Alu::cmp, Width::w32, kScratch2, Memory{kScratch, offsetof(Region, size)});
  out_.jump_if(Condition::above, leave_at(at));
}

void Translator::store(std::size_t at) {
  const RawInstruction& in = program_.raw[at];
  const unsigned bytes = access_bytes(in.memory_size());
  const Memory to = locate(at, in.dst, in.offset, bytes, Access::write);
  if (in.instruction_class() == cls::st) {
    return out_.store_immediate(bytes, to, in.imm);
  }
  out_.store(bytes, to, source(in.src));
}

// Nobody else touches a machine's memory, so no lock prefix (atomics.cpp).
void Translator::atomic(std::size_t at) {
  const RawInstruction& in = program_.raw[at];
  const unsigned bytes = access_bytes(in.memory_size());
  const bool loads = in.imm == atomic_op::load_acquire;
  const unsigned base = loads ? in.src : in.dst;
  if (program_.mode == Mode::kernel_strict) {
    if (base == kFramePointer) {
      out_.load(8, kScratch, in_state(offsetof(State, r) + kFramePointer * 8));
      out_.alu(Alu::add, Width::w64, kScratch, in.offset);
    } else {
      out_.address(kScratch, {reg(base), in.offset});
    }
    out_.test(Width::w32, kScratch, static_cast<std::int32_t>(bytes - 1));
    out_.jump_if(Condition::not_equal, leave_at(at));
  }
  Memory to = locate(at, base, in.offset, bytes, loads ? Access::read : Access::write);
  if (loads) {
    return out_.load(bytes, reg(in.dst), to);
  }
  if (in.imm == atomic_op::store_release) {
    return out_.store(bytes, to, source(in.src));
  }
  if (to.base != kScratch || to.index != Reg::rsp || to.displacement != 0) {
    out_.address(kScratch, to);  // operands may be overwritten below
    to = {kScratch, 0};
  }
  modify(in, bytes, to);
}

void Translator::modify(const RawInstruction& in, unsigned bytes, const Memory& to) {
  const Width width = bytes == 8 ? Width::w64 : Width::w32;
  const Reg operand = source(in.src);
  if (in.imm == atomic_op::cmpxchg) {
    out_.compare_exchange(bytes, to, operand);
    // Where they were equal the CPU leaves the high half of rax alone.
    return width == Width::w32 ? out_.move(Width::w32, Reg::rax, Reg::rax) : void();
  }
  if (in.imm == atomic_op::xchg) {
    out_.load(bytes, kScratch2, to);
    out_.store(bytes, to, operand);
    return out_.move(Width::w64, operand, kScratch2);
  }
  Alu op = Alu::add;
  switch (in.imm & ~atomic_op::fetch) {
    case atomic_op::or_: op = Alu::or_; break;
    case atomic_op::and_: op = Alu::and_; break;
    case atomic_op::xor_: op = Alu::xor_; break;
    default: break;
  }
  if ((in.imm & atomic_op::fetch) == 0) {
    return out_.alu(op, width, to, operand);
  }
  out_.load(bytes, kScratch2, to);
  out_.alu(op, width, to, operand);
  out_.move(Width::w64, operand, kScratch2);
}

// Section 5.5; see loads_stores.cpp.
void Translator::load_packet(std::size_t at) {
  const RawInstruction& in = program_.raw[at];
  const unsigned bytes = access_bytes(in.memory_size());
  const Label inside = out_.label();
  if (in.memory_mode() == mode::ind) {
    out_.extend_sign(4, Width::w64, kScratch, source(in.src));
    out_.alu(Alu::add, Width::w64, kScratch, in.imm);
  } else {
    out_.move_immediate(kScratch, static_cast<std::uint64_t>(std::int64_t{in.imm}));
  }
  out_.test(Width::w64, kScratch, kScratch);
  out_.jump_if(Condition::sign, leave_at(at));                 // from a header: seldom seen
  out_.load(8, Reg::rax, in_state(offsetof(State, regions)));  // may have been the index till now
  out_.load(4, kScratch2, {Reg::rax, offsetof(Region, size)});
  out_.alu(Alu::sub, Width::w64, kScratch2, static_cast<std::int32_t>(bytes));
  out_.alu(Alu::cmp, Width::w64, kScratch, kScratch2);
  out_.jump_if(Condition::less_equal, inside);
  out_.zero(Reg::rax);
  return_from(at);
  out_.bind(inside);
  out_.load(8, Reg::rax, {Reg::rax, offsetof(Region, base)});
  out_.load(bytes, Reg::rax, {Reg::rax, 0, kScratch});
  if (bytes == 2) {
    out_.rotate16(Reg::rax);
  } else if (bytes == 4) {
    out_.swap_bytes(Width::w32, Reg::rax);
  }
  for (unsigned bpf = 1; bpf <= 5; ++bpf) out_.zero(reg(bpf));
}

}  // namespace ringbed::ebpf::jit
