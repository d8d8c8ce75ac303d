// An assembler for the x86-64 instructions that the JIT needs. Encodings follow the Intel 64 SDM,
// volume 2; an instruction is a call, a jump target is a Label that may be bound later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace ringbed::ebpf::jit {

// Numbers are those of the encoding.
enum class Reg : std::uint8_t {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15
};

enum class Width : std::uint8_t { w32, w64 };

// Opcode digits of the two-operand group (Table A-6, group 1).
enum class Alu : std::uint8_t {
  add = 0,
  or_ = 1,
  adc = 2,
  sbb = 3,
  and_ = 4,
  sub = 5,
  xor_ = 6,
  cmp = 7
};

// Opcode digits of the shift group (group 2).
enum class Shift : std::uint8_t { left = 4, right = 5, arithmetic_right = 7 };

// Condition codes (appendix B.1.4).
enum class Condition : std::uint8_t {
  below = 2,
  above_equal = 3,
  equal = 4,
  not_equal = 5,
  below_equal = 6,
  above = 7,
  sign = 8,
  less = 12,
  greater_equal = 13,
  less_equal = 14,
  greater = 15
};
[[nodiscard]] constexpr Condition inverse(Condition condition) noexcept {
  return static_cast<Condition>(static_cast<std::uint8_t>(condition) ^ 1);
}

// [base + index + displacement]; index rsp: none.
struct Memory {
  Reg base = Reg::rbp;
  std::int32_t displacement = 0;
  Reg index = Reg::rsp;
};

struct Label {
  std::uint32_t number = 0;
};

class Assembler {
 public:
  [[nodiscard]] Label label();
  void bind(Label label);
  [[nodiscard]] std::size_t position_of(Label label) const { return labels_[label.number]; }

  void alu(Alu op, Width width, Reg to, Reg from);
  void alu(Alu op, Width width, Reg to, std::int32_t imm);
  void alu(Alu op, Width width, Reg to, const Memory& from);
  void alu(Alu op, Width width, const Memory& to, Reg from);
  void alu(Alu op, Width width, const Memory& to, std::int32_t imm);
  void test(Width width, Reg a, Reg b);
  void test(Width width, Reg a, std::int32_t imm);
  void multiply(Width width, Reg to, Reg from);
  void multiply(Width width, Reg to, Reg from, std::int32_t imm);
  void negate(Width width, Reg to);
  void divide(Width width, Reg by);         // rdx:rax by `by`, unsigned
  void divide_signed(Width width, Reg by);  // rdx:rax by `by`
  void extend_rax(Width width);             // the sign of rax to rdx (cdq, cqo)
  void shift(Shift op, Width width, Reg to, std::uint8_t count);
  void shift(Shift op, Width width, Reg to, Reg from, Reg count);  // BMI2: count masked, no flags
  void rotate16(Reg to);                                           // the two low bytes swapped
  void swap_bytes(Width width, Reg to);

  void move(Width width, Reg to, Reg from);
  void move_immediate(Reg to, std::uint64_t value);  // in the shortest form
  void zero(Reg to);
  void address(Reg to, const Memory& of);  // lea
  void extend_zero(unsigned bytes, Reg to, Reg from);
  void extend_sign(unsigned bytes, Width width, Reg to, Reg from);
  void load(unsigned bytes, Reg to, const Memory& from);  // zero-extended
  void load_signed(unsigned bytes, Reg to, const Memory& from);
  void store(unsigned bytes, const Memory& to, Reg from);
  void store_immediate(unsigned bytes, const Memory& to, std::int32_t imm);
  void compare_byte(const Memory& at, std::uint8_t imm);
  void increment(const Memory& at);  // 32 bits
  void decrement(const Memory& at);
  void compare_exchange(unsigned bytes, const Memory& at, Reg from);  // with rax

  void jump(Label to);
  void jump(Reg to);
  void jump_if(Condition condition, Label to);
  void call(Label to);
  void call(Reg to);
  void call(const void* function);  // through r11
  void push(Reg from);
  void pop(Reg to);
  void ret();
  void clear_carry();
  void set_carry();
  void trap();  // fills what is never reached

  // Fills in the distances of all jumps; every label must be bound by now.
  [[nodiscard]] std::vector<std::uint8_t> finish();
  [[nodiscard]] std::size_t size() const noexcept { return code_.size(); }

 private:
  struct Fixup {
    std::size_t at;  // of the four bytes
    std::uint32_t label;
  };

  void byte(unsigned value) { code_.push_back(static_cast<std::uint8_t>(value)); }
  void word(std::uint32_t value);
  void rex(Width width, unsigned reg, unsigned index, unsigned base, bool force = false);
  void registers(Width width, unsigned opcode, Reg reg, Reg rm, bool bytes = false);
  void memory(Width width, unsigned opcode, unsigned reg, const Memory& at, bool bytes = false);
  void opcode_bytes(unsigned opcode);
  void target(Label to);

  std::vector<std::uint8_t> code_;
  std::vector<std::size_t> labels_;
  std::vector<Fixup> fixups_;
};

}  // namespace ringbed::ebpf::jit
