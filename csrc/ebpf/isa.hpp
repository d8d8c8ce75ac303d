// The BPF instruction set: fields, classes, operations and the eight-byte encoding. Names follow
// RFC 9669 (BPF Instruction Set Architecture); section numbers are its own.
//
//   byte 0     byte 1        bytes 2-3   bytes 4-7
//   opcode     src:4 dst:4   offset      imm          multi-byte fields little-endian (section 3)
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ringbed::ebpf {

inline constexpr std::size_t kInstructionBytes = 8;
inline constexpr unsigned kRegisters = 11;  // r0 to r10; r10 is the read-only frame pointer
inline constexpr unsigned kFramePointer = 10;
inline constexpr std::uint32_t kStackBytes = 512;  // of one frame
inline constexpr unsigned kMaxFrames = 8;  // call depth of one program, its entry included (kernel)
inline constexpr unsigned kMaxTailCalls = 33;  // kernel MAX_TAIL_CALL_CNT
// A tail call replaces one frame by a program that may go as deep again.
inline constexpr unsigned kAllFrames = (kMaxTailCalls + 1) * (kMaxFrames - 1) + 1;

// Section 3.1: the low three bits of the opcode.
namespace cls {
inline constexpr std::uint8_t ld = 0, ldx = 1, st = 2, stx = 3, alu = 4, jmp = 5, jmp32 = 6,
                              alu64 = 7;
}
// Section 4.1: the high four bits of an arithmetic opcode.
namespace alu_op {
inline constexpr std::uint8_t add = 0x00, sub = 0x10, mul = 0x20, div = 0x30, or_ = 0x40,
                              and_ = 0x50, lsh = 0x60, rsh = 0x70, neg = 0x80, mod = 0x90,
                              xor_ = 0xa0, mov = 0xb0, arsh = 0xc0, end = 0xd0;
}
// Section 4.3: the high four bits of a jump opcode.
namespace jmp_op {
inline constexpr std::uint8_t ja = 0x00, jeq = 0x10, jgt = 0x20, jge = 0x30, jset = 0x40,
                              jne = 0x50, jsgt = 0x60, jsge = 0x70, call = 0x80, exit = 0x90,
                              jlt = 0xa0, jle = 0xb0, jslt = 0xc0, jsle = 0xd0, jcond = 0xe0;
}
// Section 5: the mode (high three bits) and size (next two) of a load or store.
namespace mode {
inline constexpr std::uint8_t imm = 0x00, abs = 0x20, ind = 0x40, mem = 0x60, memsx = 0x80,
                              atomic = 0xc0;
}
namespace size_of {
inline constexpr std::uint8_t word = 0x00, half = 0x08, byte = 0x10, dword = 0x18;
}
// Section 5.3: the operation of an atomic, in its imm.
namespace atomic_op {
inline constexpr std::int32_t add = 0x00, or_ = 0x40, and_ = 0x50, xor_ = 0xa0, fetch = 0x01,
                              xchg = 0xe1, cmpxchg = 0xf1, load_acquire = 0x100,
                              store_release = 0x110;  // kernel 6.15; of one byte and two as well
}
// Section 5.4: src of a 64-bit immediate load; 4.3.1: src of a call.
namespace pseudo {
inline constexpr std::uint8_t imm64 = 0, map_fd = 1, map_value = 2, btf_id = 3, func = 4,
                              map_idx = 5, map_idx_value = 6;
inline constexpr std::uint8_t helper_call = 0, local_call = 1, kfunc_call = 2;
}  // namespace pseudo

inline constexpr std::uint8_t kSourceRegister = 0x08;  // the S bit: X (register), not K (imm)
inline constexpr std::uint8_t kLoadImm64 = cls::ld | mode::imm | size_of::dword;
inline constexpr std::uint8_t kExit = cls::jmp | jmp_op::exit;
inline constexpr std::uint8_t kCall = cls::jmp | jmp_op::call;
// Kernel 6.9: goes on until the function has come to one 8,388,608 times, then jumps.
inline constexpr std::uint8_t kMayGoto = cls::jmp | jmp_op::jcond;
inline constexpr std::uint32_t kMayGotoTurns = 1 << 23;  // kernel BPF_MAX_LOOPS
inline constexpr std::uint8_t kCallRegister = cls::jmp | jmp_op::call | kSourceRegister;

// One instruction as it is encoded; nothing checked yet.
struct RawInstruction {
  std::uint8_t opcode = 0;
  std::uint8_t dst = 0;
  std::uint8_t src = 0;
  std::int16_t offset = 0;
  std::int32_t imm = 0;

  [[nodiscard]] constexpr std::uint8_t instruction_class() const noexcept { return opcode & 7; }
  [[nodiscard]] constexpr std::uint8_t operation() const noexcept { return opcode & 0xf0; }
  [[nodiscard]] constexpr std::uint8_t memory_mode() const noexcept { return opcode & 0xe0; }
  [[nodiscard]] constexpr std::uint8_t memory_size() const noexcept { return opcode & 0x18; }
  [[nodiscard]] constexpr bool from_register() const noexcept {
    return (opcode & kSourceRegister) != 0;
  }
  bool operator==(const RawInstruction&) const = default;
};

// Bytes that the size field stands for.
[[nodiscard]] constexpr std::uint32_t access_bytes(std::uint8_t memory_size) noexcept {
  switch (memory_size) {
    case size_of::byte: return 1;
    case size_of::half: return 2;
    case size_of::word: return 4;
    default: return 8;
  }
}

// The instructions of `code`. Error `invalid` when its length is no multiple of eight, or zero.
[[nodiscard]] base::Result<std::vector<RawInstruction>> read_instructions(base::ByteView code);

[[nodiscard]] RawInstruction read_instruction(const std::uint8_t* from) noexcept;
void write_instruction(std::uint8_t* to, const RawInstruction& instruction) noexcept;

}  // namespace ringbed::ebpf
