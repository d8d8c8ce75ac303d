// A program that was checked and decoded: ready for the interpreter and for the JIT. Decoded
// instructions stand at their original index, so that a fault names the instruction that
// llvm-objdump shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ebpf/engine.hpp"
#include "ebpf/isa.hpp"

namespace ringbed::ebpf {

class Machine;
struct State;
struct Instruction;

// Executes the instruction at `at`; returns the next one, or nullptr when the run is over
// (finished or faulted, see State).
using Handler = const Instruction* (*)(const Instruction* at, State& state);

struct Instruction {
  Handler run = nullptr;
  std::uint8_t dst = 0;
  std::uint8_t src = 0;
  std::int16_t offset = 0;
  std::int32_t imm = 0;
};
static_assert(sizeof(Instruction) == 16);

// What `--cpu` names: which additions to the base set a program may use.
//   v1 base   v2 + JLT JLE JSLT JSLE   v3 + JMP32 and atomics beyond add
//   v4 + signed division, sign-extending moves and loads, BSWAP, 32-bit jump offsets, load-acquire
//      and store-release, may_goto
enum class CpuVersion : std::uint8_t { v1 = 1, v2, v3, v4 };

// isa: what RFC 9669 defines. kernel_strict: rejects also what the kernel's verifier rejects
// whatever the data (shift immediates beyond the width, division by a zero immediate, dead code,
// a last instruction that falls off).
enum class Mode : std::uint8_t { isa, kernel_strict };

// foreign: of a kind that no classifier is made of (tracing, cgroup, …).
enum class ProgramType : std::uint8_t { raw, xdp, tc, socket_filter, foreign };

// Where an instruction came from in the C source (.BTF.ext line info).
struct SourceLine {
  std::uint32_t instruction = 0;  // first one of the line
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string file;
  std::string text;
};

// What runs and tail calls of native code read: where it starts, and whose maps it knows. A base of
// the program, so that a pointer to the one is a pointer to the other.
struct NativeEntry {
  // Runs to the end (nullptr) or to an instruction at which the interpreter has to go on.
  using Start = const Instruction* (*)(State* state, std::uint64_t r1, std::uint64_t r2,
                                       std::uint64_t packet_delta);

  const Machine* machine = nullptr;
  const void* tail = nullptr;
  Start start = nullptr;
};

struct Program : NativeEntry {
  std::string name = "program";
  ProgramType type = ProgramType::raw;
  std::vector<RawInstruction> raw;
  std::vector<Instruction> code;  // raw.size() + 1: the last one catches a fall off the end
  std::vector<SourceLine> lines;  // by instruction, ascending; may be empty
  Mode mode = Mode::isa;
  NativeCodePointer native;  // of Machine::compile; none: interpreted by either engine

  void set_native(NativeCodePointer made);
};

// The line that holds `instruction`, or nullptr.
[[nodiscard]] const SourceLine* line_of(const Program& program, std::uint32_t instruction);

}  // namespace ringbed::ebpf
