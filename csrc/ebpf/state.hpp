// What one execution consists of: registers, frames, what it may touch, and how it ended.
// The JIT addresses the first members by their offsets.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "ebpf/memory.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf {

class Machine;

enum class FaultKind : std::uint8_t {
  none,
  out_of_bounds_read,
  out_of_bounds_write,
  misaligned_atomic,
  instruction_limit,
  call_depth,
  unknown_helper,
  bad_call_target,
  fell_off_the_end,
  bad_argument,  // of a helper: what the kernel's verifier would have refused
};

// Why a run was stopped. `address` and `bytes` for memory, `address` the value for the others.
struct Fault {
  FaultKind kind = FaultKind::none;
  std::uint32_t instruction = 0;
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  const Program* program = nullptr;
  const char* what = "";  // a helper's complaint
};

struct State {
  std::array<std::uint64_t, kRegisters> r{};
  // Instructions executed = jumped + index of the current one: straight-line code counts itself,
  // a jump by n subtracts n. A run is stopped when `jumped` passes `limit` at a jump backward or
  // a call, hence after at most limit + the program's length instructions.
  std::int64_t jumped = 0;
  std::int64_t limit = 0;
  const Region* regions = nullptr;
  std::uint32_t region_count = 0;
  Machine* machine = nullptr;
  const Program* program = nullptr;
  std::uint32_t depth = 0;       // frames below the current one
  std::uint32_t base_depth = 0;  // an exit at this depth ends the run (or a helper's callback)
  std::uint32_t tail_calls = 0;
  const Instruction* mark = nullptr;  // the helper call under way
  std::int64_t finished = 0;          // instructions executed, when the run or callback has ended
  Fault fault;

  // Of native code (jit_translator.hpp).
  std::uint64_t packet_delta = 0;          // a packet byte's host address, less its VM address
  std::uint8_t* frame = nullptr;           // host address of the current stack frame
  void* native_stack = nullptr;            // where an exit to the interpreter unwinds to
  std::uint32_t dirty_frames = 0;          // so many stack frames, from the first, may not be zero
  ProgramType context = ProgramType::raw;  // whose context and packet are in place

  // What a frame leaves here when it calls a function; the last two it has from its own begin.
  struct alignas(64) Frame {  // a row is a shift, not a multiplication
    const Instruction* back = nullptr;
    const Program* program = nullptr;           // a tail call in a subprogram changes it
    std::array<std::uint64_t, 4> saved{};       // r6 to r9
    std::uint32_t calls_left = kMaxFrames - 1;  // how much deeper its program may go
    std::uint32_t turns_left = kMayGotoTurns;
  };
  std::array<Frame, kAllFrames> frames{};

  template <Access kAccess>
  [[nodiscard]] std::uint8_t* find(Address address, std::uint64_t bytes) const noexcept {
    return ebpf::find<kAccess>(regions, region_count, address, bytes);
  }

  [[nodiscard]] std::int64_t executed(const Instruction* at) const noexcept {
    return jumped + (at - program->code.data());
  }

  // For helpers: an argument that the kernel's verifier would not have let through. The call
  // ends the run; the return value is for convenience.
  std::uint64_t refuse(const char* what, std::uint64_t value = 0) noexcept {
    fault.kind = FaultKind::bad_argument;
    fault.what = what;
    fault.address = value;
    return 0;
  }

  // Moves into the next frame, where the program may go so deep. What an earlier run left there
  // must not decide this one.
  void open_frame() noexcept {
    const std::uint32_t calls_left = frames[depth].calls_left - 1;
    ++depth;
    frames[depth].calls_left = calls_left;
    frames[depth].turns_left = kMayGotoTurns;
    std::memset(regions[kStackRegion + depth].base, 0, kStackBytes);
    mark_dirty(depth);
    r[kFramePointer] = frame_pointer(depth);
  }

  void mark_dirty(std::uint32_t number) noexcept {
    dirty_frames = std::max(dirty_frames, number + 1);
  }

  [[nodiscard]] static std::uint64_t frame_pointer(std::uint32_t depth) noexcept {
    return address_of(kStackRegion + depth, kStackBytes);
  }

  // Ends the run at `at`; returns nullptr, what a handler returns then.
  const Instruction* stop(const Instruction* at, FaultKind kind, std::uint64_t address = 0,
                          std::uint64_t bytes = 0) noexcept {
    fault.kind = kind;
    fault.instruction = static_cast<std::uint32_t>(at - program->code.data());
    fault.address = address;
    fault.bytes = bytes;
    fault.program = program;
    return nullptr;
  }
};

// What a handler ends with when the run goes on at `next`. Where the compiler turns a call at the
// end into a jump, each handler so jumps to the next one itself: a place of its own for the branch
// predictor, and no way back through a loop (threaded code; Ertl, Gregg, "The structure and
// performance of efficient interpreters", 2003). Elsewhere the loop of machine.cpp does it.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    defined(__GNUC__) && !defined(__clang__)
inline const Instruction* proceed(const Instruction* next, State& state) {
  return next->run(next, state);
}
#else
inline const Instruction* proceed(const Instruction* next, State&) { return next; }
#endif

// One sentence: kind, program, instruction, source line, address and size.
[[nodiscard]] std::string describe(const Fault& fault);

}  // namespace ringbed::ebpf
