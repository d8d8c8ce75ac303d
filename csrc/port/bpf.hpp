// bpf(2) by itself: the few commands that ports need, and an assembler for the programs that they
// load. No libbpf and no compiler at run time. Instruction set: Linux, Documentation/bpf/
// standardization/instruction-set.rst (RFC 9669).
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

// The result of bpf(2), -1 with errno set for a refusal.
int bpf(bpf_cmd command, bpf_attr& attributes) noexcept;

// A refusal as an error: which privilege, kernel option or limit it was.
[[nodiscard]] base::Error bpf_refused(const std::string& what, int error);

// Emits instructions; jumps go forward to labels that are placed later.
class BpfAssembler {
 public:
  enum Register : std::uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 };
  // A jump target: the jumps that wait for it.
  struct Label {
    std::vector<std::size_t> jumps;
  };

  // `op`: BPF_MOV, BPF_ADD, ... on 64 bits.
  void alu(std::uint8_t op, Register to, Register from) {
    emit(BPF_ALU64 | op | BPF_X, to, from, 0, 0);
  }
  void alu(std::uint8_t op, Register to, std::int32_t value) {
    emit(BPF_ALU64 | op | BPF_K, to, r0, 0, value);
  }
  // `bytes`: 1, 2, 4 or 8.
  void load(Register to, Register base, std::int16_t offset, std::uint32_t bytes) {
    emit(BPF_LDX | BPF_MEM | size(bytes), to, base, offset, 0);
  }
  void store(Register base, std::int16_t offset, Register from, std::uint32_t bytes) {
    emit(BPF_STX | BPF_MEM | size(bytes), base, from, offset, 0);
  }
  // An immediate, sign-extended to 8 bytes.
  void store(Register base, std::int16_t offset, std::int32_t value, std::uint32_t bytes) {
    emit(BPF_ST | BPF_MEM | size(bytes), base, r0, offset, value);
  }
  // Adds 8 bytes at once; others may do the same.
  void atomic_add(Register base, std::int16_t offset, Register from) {
    emit(BPF_STX | BPF_ATOMIC | BPF_DW, base, from, offset, BPF_ADD);
  }
  void load_map(Register to, int map) { wide(to, BPF_PSEUDO_MAP_FD, map); }
  // The address of the only element of an array map.
  void load_map_value(Register to, int map) { wide(to, BPF_PSEUDO_MAP_VALUE, map); }
  void call(bpf_func_id helper) { emit(BPF_JMP | BPF_CALL, r0, r0, 0, helper); }
  // One of the kernel's own functions, by its number in the kernel's BTF.
  void call_kernel(std::uint32_t function) {
    emit(BPF_JMP | BPF_CALL, r0, static_cast<Register>(BPF_PSEUDO_KFUNC_CALL), 0,
         static_cast<std::int32_t>(function));
  }
  void exit() { emit(BPF_JMP | BPF_EXIT, r0, r0, 0, 0); }

  // `op`: BPF_JEQ, BPF_JGT, ...
  void jump(std::uint8_t op, Register left, Register right, Label& to) {
    to.jumps.push_back(code_.size());
    emit(BPF_JMP | op | BPF_X, left, right, 0, 0);
  }
  void jump(std::uint8_t op, Register left, std::int32_t right, Label& to) {
    to.jumps.push_back(code_.size());
    emit(BPF_JMP | op | BPF_K, left, r0, 0, right);
  }
  // Unconditional; reaches further than the 16 bits of the others (cpu v4, Linux 6.6, is not
  // asked for: programs are bounded instead).
  void jump(Label& to) {
    to.jumps.push_back(code_.size());
    emit(BPF_JMP | BPF_JA, r0, r0, 0, 0);
  }
  // The next instruction is what the label stands for.
  void place(Label& label) {
    for (const std::size_t at : label.jumps) {
      code_[at].off = static_cast<std::int16_t>(code_.size() - at - 1);
    }
    label.jumps.clear();
  }

  [[nodiscard]] std::span<const bpf_insn> code() const noexcept { return code_; }

 private:
  void emit(int code, Register to, Register from, std::int16_t offset, std::int32_t value) {
    bpf_insn insn{};
    insn.code = static_cast<std::uint8_t>(code);
    insn.dst_reg = to & 0xf;
    insn.src_reg = from & 0xf;
    insn.off = offset;
    insn.imm = value;
    code_.push_back(insn);
  }
  void wide(Register to, std::uint8_t kind, int value) {
    emit(BPF_LD | BPF_DW | BPF_IMM, to, static_cast<Register>(kind), 0, value);
    emit(0, r0, r0, 0, 0);  // the upper half
  }
  static std::uint8_t size(std::uint32_t bytes) noexcept {
    return bytes == 8 ? BPF_DW : bytes == 4 ? BPF_W : bytes == 2 ? BPF_H : BPF_B;
  }

  std::vector<bpf_insn> code_;
};

struct BpfMapSpec {
  bpf_map_type type;
  std::uint32_t value_bytes = 4;
  std::uint32_t entries = 1;
  std::uint32_t flags = 0;
  std::string_view name;  // at most 15 characters
};
[[nodiscard]] base::Result<FileDescriptor> make_bpf_map(const BpfMapSpec& spec);

// Element `key` of a map whose values are 4 bytes.
[[nodiscard]] base::Status set_bpf_element(int map, std::uint32_t key, std::uint32_t value);

// An XDP program. A refusal by the verifier carries the end of its log.
[[nodiscard]] base::Result<FileDescriptor> load_xdp(std::span<const bpf_insn> code,
                                                    std::string_view name, std::uint32_t flags = 0);

// One that only this interface of the calling thread's namespace can have, so that it may ask the
// driver for more than the frame (Linux 6.3).
[[nodiscard]] base::Result<FileDescriptor> load_xdp_for(std::uint32_t interface,
                                                        std::span<const bpf_insn> code,
                                                        std::string_view name,
                                                        std::uint32_t flags = 0);

// A program that runs at a tracepoint of the kernel and may read its memory. The kernel lends the
// helper for that, and functions of its own, only to programs under a licence that agrees with its
// own: `code` is declared so.
[[nodiscard]] base::Result<FileDescriptor> load_raw_tracepoint(std::span<const bpf_insn> code,
                                                               std::string_view name);
// Runs it there as long as the descriptor lives.
[[nodiscard]] base::Result<FileDescriptor> attach_raw_tracepoint(int program,
                                                                 const std::string& tracepoint);

// Hangs an XDP program on an interface, as long as the descriptor lives; invalid with errno set
// when it is refused. `mode`: XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE.
[[nodiscard]] FileDescriptor link_xdp(int program, std::uint32_t interface,
                                      std::uint32_t mode) noexcept;

}  // namespace ringbed::port
