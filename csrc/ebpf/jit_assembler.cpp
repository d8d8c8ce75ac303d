#include "ebpf/jit_assembler.hpp"

#include <cassert>

namespace ringbed::ebpf::jit {

namespace {

constexpr std::size_t kUnbound = ~std::size_t{0};

constexpr unsigned number(Reg reg) noexcept { return static_cast<unsigned>(reg); }
constexpr bool fits_byte(std::int32_t value) noexcept { return value >= -128 && value <= 127; }

// Opcodes of two and three bytes carry their escape: 0x0f.., 0x0f38...
constexpr unsigned kEscape = 0x0f00;

}  // namespace

Label Assembler::label() {
  labels_.push_back(kUnbound);
  return {static_cast<std::uint32_t>(labels_.size() - 1)};
}

void Assembler::bind(Label label) {
  assert(labels_[label.number] == kUnbound);
  labels_[label.number] = code_.size();
}

void Assembler::word(std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    byte(value >> shift & 0xff);
  }
}

void Assembler::rex(Width width, unsigned reg, unsigned index, unsigned base, bool force) {
  const unsigned bits =
      (width == Width::w64 ? 8u : 0u) | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;
  if (bits != 0 || force) {
    byte(0x40 | bits);
  }
}

void Assembler::opcode_bytes(unsigned opcode) {
  if (opcode >= kEscape) {
    byte(opcode >> 8 & 0xff);
  }
  byte(opcode & 0xff);
}

// `bytes`: an operand of eight bits, where spl to dil need a prefix to be meant.
void Assembler::registers(Width width, unsigned opcode, Reg reg, Reg rm, bool bytes) {
  rex(width, number(reg), 0, number(rm), bytes);
  opcode_bytes(opcode);
  byte(0xc0 | (number(reg) & 7) << 3 | (number(rm) & 7));
}

void Assembler::memory(Width width, unsigned opcode, unsigned reg, const Memory& at, bool bytes) {
  const bool indexed = at.index != Reg::rsp;
  rex(width, reg, indexed ? number(at.index) : 0, number(at.base), bytes);
  opcode_bytes(opcode);
  const unsigned base = number(at.base) & 7;
  const bool none = at.displacement == 0 && base != 5;  // rbp and r13 always have one
  const unsigned mod = none ? 0u : fits_byte(at.displacement) ? 1u : 2u;
  const bool sib = indexed || base == 4;
  byte(mod << 6 | (reg & 7) << 3 | (sib ? 4u : base));
  if (sib) {
    byte((indexed ? number(at.index) & 7 : 4u) << 3 | base);
  }
  if (mod == 1) {
    byte(static_cast<std::uint8_t>(at.displacement));
  } else if (mod == 2) {
    word(static_cast<std::uint32_t>(at.displacement));
  }
}

void Assembler::alu(Alu op, Width width, Reg to, Reg from) {
  registers(width, static_cast<unsigned>(op) * 8 + 1, from, to);
}
void Assembler::alu(Alu op, Width width, Reg to, std::int32_t imm) {
  registers(width, fits_byte(imm) ? 0x83 : 0x81, static_cast<Reg>(op), to);
  fits_byte(imm) ? byte(static_cast<std::uint8_t>(imm)) : word(static_cast<std::uint32_t>(imm));
}
void Assembler::alu(Alu op, Width width, Reg to, const Memory& from) {
  memory(width, static_cast<unsigned>(op) * 8 + 3, number(to), from);
}
void Assembler::alu(Alu op, Width width, const Memory& to, Reg from) {
  memory(width, static_cast<unsigned>(op) * 8 + 1, number(from), to);
}
void Assembler::alu(Alu op, Width width, const Memory& to, std::int32_t imm) {
  memory(width, fits_byte(imm) ? 0x83 : 0x81, static_cast<unsigned>(op), to);
  fits_byte(imm) ? byte(static_cast<std::uint8_t>(imm)) : word(static_cast<std::uint32_t>(imm));
}
void Assembler::test(Width width, Reg a, Reg b) { registers(width, 0x85, b, a); }
void Assembler::test(Width width, Reg a, std::int32_t imm) {
  registers(width, 0xf7, static_cast<Reg>(0), a);
  word(static_cast<std::uint32_t>(imm));
}
void Assembler::multiply(Width width, Reg to, Reg from) { registers(width, 0x0faf, to, from); }
void Assembler::multiply(Width width, Reg to, Reg from, std::int32_t imm) {
  registers(width, 0x69, to, from);
  word(static_cast<std::uint32_t>(imm));
}
void Assembler::negate(Width width, Reg to) { registers(width, 0xf7, static_cast<Reg>(3), to); }
void Assembler::divide(Width width, Reg by) { registers(width, 0xf7, static_cast<Reg>(6), by); }
void Assembler::divide_signed(Width width, Reg by) {
  registers(width, 0xf7, static_cast<Reg>(7), by);
}
void Assembler::extend_rax(Width width) {
  rex(width, 0, 0, 0);
  byte(0x99);
}
void Assembler::shift(Shift op, Width width, Reg to, std::uint8_t count) {
  registers(width, 0xc1, static_cast<Reg>(op), to);
  byte(count);
}

// VEX.LZ.pp.0F38.W F7 /r: shlx (66), shrx (F2), sarx (F3).
void Assembler::shift(Shift op, Width width, Reg to, Reg from, Reg count) {
  const unsigned pp = op == Shift::left ? 1u : op == Shift::right ? 3u : 2u;
  byte(0xc4);
  byte((number(to) >= 8 ? 0u : 0x80u) | 0x40u | (number(from) >= 8 ? 0u : 0x20u) | 2u);
  byte((width == Width::w64 ? 0x80u : 0u) | (~number(count) & 15) << 3 | pp);
  byte(0xf7);
  byte(0xc0 | (number(to) & 7) << 3 | (number(from) & 7));
}

void Assembler::rotate16(Reg to) {
  byte(0x66);
  registers(Width::w32, 0xc1, static_cast<Reg>(0), to);
  byte(8);
}
void Assembler::swap_bytes(Width width, Reg to) {
  rex(width, 0, 0, number(to));
  byte(0x0f);
  byte(0xc8 | (number(to) & 7));
}

void Assembler::move(Width width, Reg to, Reg from) { registers(width, 0x89, from, to); }

void Assembler::move_immediate(Reg to, std::uint64_t value) {
  if (value == 0) {
    zero(to);
  } else if (value <= 0xffff'ffff) {
    rex(Width::w32, 0, 0, number(to));
    byte(0xb8 | (number(to) & 7));
    word(static_cast<std::uint32_t>(value));
  } else if (value >= 0xffff'ffff'8000'0000) {
    registers(Width::w64, 0xc7, static_cast<Reg>(0), to);
    word(static_cast<std::uint32_t>(value));
  } else {
    rex(Width::w64, 0, 0, number(to));
    byte(0xb8 | (number(to) & 7));
    word(static_cast<std::uint32_t>(value));
    word(static_cast<std::uint32_t>(value >> 32));
  }
}
void Assembler::zero(Reg to) { alu(Alu::xor_, Width::w32, to, to); }
void Assembler::address(Reg to, const Memory& of) { memory(Width::w64, 0x8d, number(to), of); }

void Assembler::extend_zero(unsigned bytes, Reg to, Reg from) {
  if (bytes == 4) {
    move(Width::w32, to, from);
  } else {
    registers(Width::w32, bytes == 1 ? 0x0fb6 : 0x0fb7, to, from, bytes == 1);
  }
}
void Assembler::extend_sign(unsigned bytes, Width width, Reg to, Reg from) {
  registers(width, bytes == 1 ? 0x0fbe : bytes == 2 ? 0x0fbf : 0x63, to, from, bytes == 1);
}
void Assembler::load(unsigned bytes, Reg to, const Memory& from) {
  switch (bytes) {
    case 1: return memory(Width::w32, 0x0fb6, number(to), from);
    case 2: return memory(Width::w32, 0x0fb7, number(to), from);
    case 4: return memory(Width::w32, 0x8b, number(to), from);
    default: return memory(Width::w64, 0x8b, number(to), from);
  }
}
void Assembler::load_signed(unsigned bytes, Reg to, const Memory& from) {
  memory(Width::w64, bytes == 1 ? 0x0fbe : bytes == 2 ? 0x0fbf : 0x63, number(to), from);
}
void Assembler::store(unsigned bytes, const Memory& to, Reg from) {
  if (bytes == 2) {
    byte(0x66);
  }
  memory(bytes == 8 ? Width::w64 : Width::w32, bytes == 1 ? 0x88 : 0x89, number(from), to,
         bytes == 1);
}
void Assembler::store_immediate(unsigned bytes, const Memory& to, std::int32_t imm) {
  if (bytes == 2) {
    byte(0x66);
  }
  memory(bytes == 8 ? Width::w64 : Width::w32, bytes == 1 ? 0xc6 : 0xc7, 0, to);
  const auto value = static_cast<std::uint32_t>(imm);
  if (bytes >= 4) {
    word(value);
    return;
  }
  byte(value & 0xff);
  if (bytes == 2) {
    byte(value >> 8 & 0xff);
  }
}
void Assembler::compare_byte(const Memory& at, std::uint8_t imm) {
  memory(Width::w32, 0x80, static_cast<unsigned>(Alu::cmp), at);
  byte(imm);
}
void Assembler::increment(const Memory& at) { memory(Width::w32, 0xff, 0, at); }
void Assembler::decrement(const Memory& at) { memory(Width::w32, 0xff, 1, at); }
void Assembler::compare_exchange(unsigned bytes, const Memory& at, Reg from) {
  memory(bytes == 8 ? Width::w64 : Width::w32, 0x0fb1, number(from), at);
}

void Assembler::target(Label to) {
  fixups_.push_back({code_.size(), to.number});
  word(0);
}
void Assembler::jump(Label to) {
  byte(0xe9);
  target(to);
}
void Assembler::jump(Reg to) { registers(Width::w32, 0xff, static_cast<Reg>(4), to); }
void Assembler::jump_if(Condition condition, Label to) {
  byte(0x0f);
  byte(0x80 | static_cast<unsigned>(condition));
  target(to);
}
void Assembler::call(Label to) {
  byte(0xe8);
  target(to);
}
void Assembler::call(Reg to) { registers(Width::w32, 0xff, static_cast<Reg>(2), to); }
void Assembler::call(const void* function) {
  move_immediate(Reg::r11, reinterpret_cast<std::uintptr_t>(function));
  call(Reg::r11);
}
void Assembler::push(Reg from) {
  rex(Width::w32, 0, 0, number(from));
  byte(0x50 | (number(from) & 7));
}
void Assembler::pop(Reg to) {
  rex(Width::w32, 0, 0, number(to));
  byte(0x58 | (number(to) & 7));
}
void Assembler::ret() { byte(0xc3); }
void Assembler::clear_carry() { byte(0xf8); }
void Assembler::set_carry() { byte(0xf9); }
void Assembler::trap() { byte(0xcc); }

std::vector<std::uint8_t> Assembler::finish() {
  for (const Fixup& fixup : fixups_) {
    assert(labels_[fixup.label] != kUnbound);
    const auto distance = static_cast<std::uint32_t>(labels_[fixup.label] - (fixup.at + 4));
    std::memcpy(code_.data() + fixup.at, &distance, sizeof distance);
  }
  return std::move(code_);
}

}  // namespace ringbed::ebpf::jit
