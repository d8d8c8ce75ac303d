// From BPF to x86-64, one instruction at a time in program order. Each BPF register has a register
// of the CPU:
//
//   r0   r1   r2   r3   r4   r5   r6   r7   r8   r9  |  State   jumped  packet delta   scratch
//   rax  rdi  rsi  rdx  rcx  r8   rbx  r13  r14  r15 |  rbp     r9      r12            r10 r11
//
// r10 is State::r[10]; the count of instructions is kept as in the interpreter (State::jumped).
//
// Native code never faults. Where a check fails it writes the registers to the State and leaves at
// that instruction; the interpreter goes on from there, and either faults as it would have done or
// finishes the run. So there is one source of faults, and what is rare needs no native code.
//
// Stack frames are zero when they are entered. Native code keeps that by zeroing what it wrote when
// it exits; what it cannot know it marks in State::dirty_frames.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "ebpf/helpers.hpp"
#include "ebpf/jit_assembler.hpp"
#include "ebpf/jit_code.hpp"
#include "ebpf/jit_flow.hpp"

namespace ringbed::ebpf::jit {

class Translator {
 public:
  Translator(const Program& program, const Machine& machine);

  // Call once. O(instructions).
  [[nodiscard]] Translation run();

 private:
  // --- jit_translator.cpp: the frame around the instructions -------------------------------------
  void measure_stack();
  void entry(bool resume);
  void finish();
  void leave_stubs();
  void check_stubs();
  void instruction(std::size_t at);
  [[nodiscard]] Label at_block(std::size_t at);
  // Where the interpreter goes on from `at`.
  [[nodiscard]] Label leave_at(std::size_t at);
  [[nodiscard]] Reg reg(unsigned bpf) const;
  // The register that holds r`bpf`: r10 is loaded into r11 first.
  [[nodiscard]] Reg source(unsigned bpf);

  // --- jit_arithmetic.cpp ------------------------------------------------------------------------
  void arithmetic(const RawInstruction& in);
  void divide(const RawInstruction& in, Width width);
  void byte_order(const RawInstruction& in);
  void move(const RawInstruction& in, Width width);

  // --- jit_jumps.cpp -----------------------------------------------------------------------------
  void jump(std::size_t at);
  void compare(const RawInstruction& in, Width width);
  void go(std::size_t at, std::int64_t offset);  // unconditionally
  void return_from(std::size_t at);
  void local_call(std::size_t at);
  void edge_stubs();

  // --- jit_access.cpp: memory --------------------------------------------------------------------
  void load(std::size_t at);
  void store(std::size_t at);
  void atomic(std::size_t at);
  void modify(const RawInstruction& in, unsigned bytes, const Memory& to);
  void load_packet(std::size_t at);
  void check_bounds_field(std::size_t at, const Memory& field);
  // The host's operand for `bytes` bytes at r`base` + offset: proven, or checked here. May use r10
  // and, when it has to check, r11.
  Memory locate(std::size_t at, unsigned base, std::int32_t offset, unsigned bytes, Access access);
  std::optional<Memory> proven(unsigned base, std::int32_t offset, unsigned bytes, Access access);
  std::optional<Memory> fixed(std::uint64_t address, unsigned bytes, Access access);

  // --- jit_calls.cpp: helpers and tail calls -----------------------------------------------------
  void helper_call(std::size_t at);
  void generic_helper(std::size_t at, const HelperEffects& effects);
  bool map_lookup(std::size_t at);
  void indexed_lookup(std::size_t at, const Map& map, const Memory& key);
  void tail_call(std::size_t at);
  void call_register(std::size_t at);
  void spill(bool all);
  void reload(bool all);
  void reload_packet();
  void mark_dirty();
  void mark_dirty(Reg frame);
  void address_frame();
  void begin_turns();

  const Program& program_;
  const Machine& machine_;
  Flow flow_;
  Registers registers_;  // before the current instruction
  Assembler out_;
  Translation result_;
  std::vector<Label> blocks_;
  std::vector<bool> block_used_;
  std::unordered_map<std::size_t, Label> leaves_;
  struct Edge {
    Label stub;
    std::size_t target;
    std::int32_t offset;
  };
  std::vector<Edge> edges_;  // taken forward jumps, out of line
  struct Check {
    Label label;
    bool used = false;
  };
  std::array<std::array<Check, 4>, 2> checks_;  // by access and log2 of the bytes
  Label leave_;                                 // r10: the instruction's number
  Label leave_with_;                            // rax: the instruction, or nullptr
  std::int32_t leave_offset_ = 0;
  Label zero_frame_;
  bool zeroes_frames_ = false;
  bool enters_ = false;            // other code may run inside a run of the program
  bool functions_ = false;         // the program has some besides the one it begins with
  bool tail_calls_ = false;        // a function may end in another program
  bool may_goto_ = false;          // some instruction is one: functions begin with all turns left
  std::uint32_t stack_bytes_ = 0;  // that proven stores reach, from the top of the frame
  std::vector<Reg> saved_;         // for our caller
};

// A member of the State, by its offset.
[[nodiscard]] constexpr Memory in_state(std::size_t offset) {
  return {Reg::rbp, static_cast<std::int32_t>(offset)};
}

inline constexpr Reg kScratch = Reg::r10;
inline constexpr Reg kScratch2 = Reg::r11;
inline constexpr Reg kJumped = Reg::r9;
inline constexpr Reg kPacketDelta = Reg::r12;
inline constexpr std::uint32_t kMaxInlineZero = 64;

// A member of the frame that Translator::address_frame has found.
[[nodiscard]] constexpr Memory frame(std::size_t offset) {
  return {kScratch, static_cast<std::int32_t>(offsetof(State, frames) + offset)};
}

}  // namespace ringbed::ebpf::jit
