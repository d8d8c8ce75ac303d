#include "ebpf/decode.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "ebpf/functions.hpp"
#include "ebpf/handlers.hpp"
#include "ebpf/memory.hpp"

namespace ringbed::ebpf {

namespace {

std::string hex(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%02x", value);
  return text;
}

// One pass over the program. check_*() return what is wrong, or "".
class Checker {
 public:
  Checker(const std::vector<RawInstruction>& code, const DecodeOptions& options)
      : code_(code), options_(options), starts_(code.size(), true) {}

  [[nodiscard]] base::Status run() {
    for (std::size_t at = 0; at < code_.size(); ++at) {
      if (code_[at].opcode == kLoadImm64 && at + 1 < code_.size()) {
        starts_[++at] = false;
      }
    }
    for (std::size_t at = 0; at < code_.size(); ++at) {
      if (!starts_[at]) {
        continue;
      }
      if (std::string fault = check(at); !fault.empty()) {
        return refuse(at, std::move(fault));
      }
    }
    if (options_.mode != Mode::kernel_strict) return {};
    if (base::Status status = check_functions(); !status) return status;
    return check_flow();
  }

 private:
  static base::Status refuse(std::size_t at, std::string what, std::string hint = {}) {
    return base::Error{base::ErrorCode::invalid,
                       "instruction " + std::to_string(at) + ": " + std::move(what),
                       std::move(hint)};
  }

  [[nodiscard]] std::string check(std::size_t at) const {
    const RawInstruction& in = code_[at];
    if (in.dst >= kRegisters || in.src >= kRegisters) {
      const auto number = in.dst >= kRegisters ? in.dst : in.src;
      return "there is no register r" + std::to_string(number);
    }
    switch (in.instruction_class()) {
      case cls::alu:
      case cls::alu64: return check_arithmetic(in);
      case cls::jmp:
      case cls::jmp32: return check_jump(at);
      case cls::ld: return in.opcode == kLoadImm64 ? check_imm64(at) : check_packet_load(in);
      default: return check_memory(in);
    }
  }

  [[nodiscard]] std::string undefined(const RawInstruction& in) const {
    return "opcode " + hex(in.opcode) + " is not defined";
  }
  [[nodiscard]] std::string needs(CpuVersion version, const char* what) const {
    if (version <= options_.cpu) {
      return {};
    }
    return std::string(what) + " needs cpu v" + std::to_string(static_cast<int>(version)) +
           ", the program is for v" + std::to_string(static_cast<int>(options_.cpu));
  }
  static std::string reserved(const char* field) {
    return std::string("the ") + field + " field is reserved here and must be 0";
  }
  static std::string check_destination(const RawInstruction& in) {
    return in.dst == kFramePointer ? "r10 is read-only" : "";
  }

  [[nodiscard]] std::string check_arithmetic(const RawInstruction& in) const {
    const bool wide = in.instruction_class() == cls::alu64;
    if (handler_for(in) == nullptr || (in.opcode == (cls::alu64 | alu_op::end | kSourceRegister)) ||
        (in.operation() == alu_op::neg && in.from_register())) {
      if (in.operation() == alu_op::end && in.imm != 16 && in.imm != 32 && in.imm != 64) {
        return "a byte swap of " + std::to_string(in.imm) + " bits (there are 16, 32 and 64)";
      }
      if (in.operation() == alu_op::mov) {
        return "a sign-extending move from " + std::to_string(in.offset) + " bits";
      }
      return undefined(in);
    }
    const bool divides = in.operation() == alu_op::div || in.operation() == alu_op::mod;
    if (divides && in.offset != 0) {
      if (in.offset != 1) {
        return reserved("offset");
      }
      if (auto old = needs(CpuVersion::v4, "signed division"); !old.empty()) return old;
    } else if (in.operation() == alu_op::mov && in.offset != 0) {
      if (!in.from_register() || (in.offset == 32 && !wide)) {
        return reserved("offset");
      }
      if (auto old = needs(CpuVersion::v4, "a sign-extending move"); !old.empty()) return old;
    } else if (in.offset != 0) {
      return reserved("offset");
    }
    if (in.operation() == alu_op::end) {
      if (in.src != 0) return reserved("src");
      if (wide) {
        if (auto old = needs(CpuVersion::v4, "an unconditional byte swap"); !old.empty())
          return old;
      }
    } else if (in.operation() == alu_op::neg) {
      if (in.src != 0) return reserved("src");
      if (in.imm != 0) return reserved("imm");
    } else if (in.from_register() ? in.imm != 0 : in.src != 0) {
      return reserved(in.from_register() ? "imm" : "src");
    }
    if (options_.mode == Mode::kernel_strict && !in.from_register()) {
      const int bits = wide ? 64 : 32;
      const bool shifts = in.operation() == alu_op::lsh || in.operation() == alu_op::rsh ||
                          in.operation() == alu_op::arsh;
      if (shifts && (in.imm < 0 || in.imm >= bits)) {
        return "a shift by " + std::to_string(in.imm) + " of " + std::to_string(bits) + " bits";
      }
      if (divides && in.imm == 0) {
        return "a division by 0";
      }
    }
    return check_destination(in);
  }

  [[nodiscard]] std::string check_target(std::size_t at, std::int64_t offset) const {
    const std::int64_t target = static_cast<std::int64_t>(at) + 1 + offset;
    if (target < 0 || target >= static_cast<std::int64_t>(code_.size())) {
      return "the target, instruction " + std::to_string(target) + ", lies outside the program";
    }
    if (!starts_[static_cast<std::size_t>(target)]) {
      return "the target, instruction " + std::to_string(target) +
             ", is the second half of a 64-bit immediate load";
    }
    return {};
  }

  [[nodiscard]] std::string check_call(std::size_t at) const {
    const RawInstruction& in = code_[at];
    if (in.dst != 0) return reserved("dst");
    switch (in.src) {
      case pseudo::helper_call: return in.offset != 0 ? reserved("offset") : "";
      case pseudo::local_call:
        return in.offset != 0 ? reserved("offset") : check_target(at, in.imm);
      case pseudo::kfunc_call:
        return "a call of a kernel function by BTF id " + std::to_string(in.imm) +
               " (helpers and local functions only)";
      default: return "a call of kind " + std::to_string(in.src) + " is not defined";
    }
  }

  [[nodiscard]] std::string check_jump(std::size_t at) const {
    const RawInstruction& in = code_[at];
    const bool narrow = in.instruction_class() == cls::jmp32;
    if (!narrow && in.opcode == kCall) {
      return check_call(at);
    }
    if (!narrow && in.opcode == kCallRegister) {
      if (in.src != 0) return reserved("src");
      if (in.offset != 0) return reserved("offset");
      // clang before 19 has the register in imm
      if (in.imm != 0 && (in.dst != 0 || in.imm < 0 || in.imm > 9)) return reserved("imm");
      return options_.mode == Mode::kernel_strict ? "a call by register, which no kernel takes"
                                                  : "";
    }
    if (!narrow && in.opcode == kExit) {
      if (in.dst != 0) return reserved("dst");
      if (in.src != 0) return reserved("src");
      if (in.offset != 0) return reserved("offset");
      return in.imm != 0 ? reserved("imm") : "";
    }
    if (in.opcode == kMayGoto) {
      if (in.dst != 0) return reserved("dst");
      if (in.src != 0) {
        return "a conditional jump of kind " + std::to_string(in.src) + " is not defined";
      }
      if (in.imm != 0) return reserved("imm");
      if (auto old = needs(CpuVersion::v4, "may_goto"); !old.empty()) return old;
      return check_target(at, in.offset);
    }
    if (handler_for(in) == nullptr || in.operation() == jmp_op::call ||
        in.operation() == jmp_op::exit || (in.operation() == jmp_op::ja && in.from_register())) {
      return undefined(in);
    }
    if (in.operation() == jmp_op::ja) {
      if (in.dst != 0) return reserved("dst");
      if (in.src != 0) return reserved("src");
      if (narrow) {
        if (in.offset != 0) return reserved("offset");
        if (auto old = needs(CpuVersion::v4, "a 32-bit jump offset"); !old.empty()) return old;
        return check_target(at, in.imm);
      }
      if (in.imm != 0) return reserved("imm");
      return check_target(at, in.offset);
    }
    if (in.from_register() ? in.imm != 0 : in.src != 0) {
      return reserved(in.from_register() ? "imm" : "src");
    }
    if (narrow) {
      if (auto old = needs(CpuVersion::v3, "a 32-bit comparison"); !old.empty()) return old;
    }
    if (in.operation() >= jmp_op::jlt) {
      if (auto old = needs(CpuVersion::v2, "a less-than jump"); !old.empty()) return old;
    }
    return check_target(at, in.offset);
  }

  [[nodiscard]] std::string check_imm64(std::size_t at) const {
    const RawInstruction& in = code_[at];
    if (at + 1 >= code_.size()) {
      return "a 64-bit immediate load without its second half";
    }
    const RawInstruction& next = code_[at + 1];
    if (next.opcode != 0 || next.dst != 0 || next.src != 0 || next.offset != 0) {
      return "the second half of a 64-bit immediate load may have nothing but an imm";
    }
    if (in.offset != 0) return reserved("offset");
    if (in.src == pseudo::func) {
      if (next.imm != 0) return "a function's address in two halves";
      if (auto fault = check_target(at, in.imm); !fault.empty()) return fault;
    } else if (in.src != pseudo::imm64) {
      if (in.src > pseudo::map_idx_value) {
        return "a 64-bit immediate load of kind " + std::to_string(in.src) + " is not defined";
      }
      return "a 64-bit immediate load of kind " + std::to_string(in.src) +
             " names a map or variable that nothing here defines";
    }
    return check_destination(in);
  }

  [[nodiscard]] std::string check_packet_load(const RawInstruction& in) const {
    const std::uint8_t how = in.memory_mode();
    if ((how != mode::abs && how != mode::ind) || in.memory_size() == size_of::dword) {
      return undefined(in);
    }
    if (in.dst != 0) return reserved("dst");
    if (in.offset != 0) return reserved("offset");
    return how == mode::abs && in.src != 0 ? reserved("src") : "";
  }

  [[nodiscard]] std::string check_memory(const RawInstruction& in) const {
    switch (in.instruction_class()) {
      case cls::ldx:
        if (in.memory_mode() == mode::memsx) {
          if (in.memory_size() == size_of::dword) return undefined(in);
          if (auto old = needs(CpuVersion::v4, "a sign-extending load"); !old.empty()) return old;
        } else if (in.memory_mode() != mode::mem) {
          return undefined(in);
        }
        return in.imm != 0 ? reserved("imm") : check_destination(in);
      case cls::st:
        if (in.memory_mode() != mode::mem) return undefined(in);
        return in.src != 0 ? reserved("src") : "";
      default: break;
    }
    if (in.memory_mode() == mode::mem) {
      return in.imm != 0 ? reserved("imm") : "";
    }
    if (in.memory_mode() != mode::atomic) {
      return undefined(in);
    }
    if (in.imm == atomic_op::load_acquire || in.imm == atomic_op::store_release) {
      const bool loads = in.imm == atomic_op::load_acquire;
      if (auto old = needs(CpuVersion::v4, loads ? "a load-acquire" : "a store-release");
          !old.empty()) {
        return old;
      }
      return loads ? check_destination(in) : "";
    }
    if (in.memory_size() == size_of::byte || in.memory_size() == size_of::half) {
      return "an atomic operation of " + std::to_string(access_bytes(in.memory_size()) * 8) +
             " bits that is no load-acquire and no store-release";
    }
    if (handler_for(in) == nullptr) {
      return "atomic operation " + hex(static_cast<unsigned>(in.imm)) + " is not defined";
    }
    if (in.imm != atomic_op::add) {
      if (auto old = needs(CpuVersion::v3, "an atomic operation beyond add"); !old.empty()) {
        return old;
      }
    }
    const bool writes_src = (in.imm & atomic_op::fetch) != 0 && in.imm != atomic_op::cmpxchg;
    return writes_src && in.src == kFramePointer ? "r10 is read-only" : "";
  }

  // Functions do not jump into one another, nor run into the next one, as the verifier sees to
  // before it follows a path.
  [[nodiscard]] base::Status check_functions() const {
    const std::vector<std::uint32_t> starts = function_starts(code_);
    for (std::size_t function = 0; function < starts.size(); ++function) {
      const std::size_t begin = starts[function];
      const std::size_t end = function + 1 < starts.size() ? starts[function + 1] : code_.size();
      std::size_t last = begin;
      for (std::size_t at = begin; at < end; at += code_[at].opcode == kLoadImm64 ? 2 : 1) {
        last = at;
        const RawInstruction& in = code_[at];
        if (!jumps(in)) continue;
        const std::size_t to = target(at, jump_offset(in));
        if (to < begin || to >= end) {
          return refuse(at, "jumps to instruction " + std::to_string(to) + ", in another function");
        }
      }
      const RawInstruction& in = code_[last];
      if (in.opcode != kExit && !(jumps(in) && in.operation() == jmp_op::ja)) {
        return refuse(last, "the last instruction of a function is no exit and no jump");
      }
    }
    return {};
  }

  static bool jumps(const RawInstruction& in) {
    const bool jump = in.instruction_class() == cls::jmp || in.instruction_class() == cls::jmp32;
    return jump && in.opcode != kCall && in.opcode != kCallRegister && in.opcode != kExit;
  }
  static std::int64_t jump_offset(const RawInstruction& in) {
    const bool wide = in.instruction_class() == cls::jmp32 && in.operation() == jmp_op::ja;
    return wide ? in.imm : in.offset;
  }
  static std::size_t target(std::size_t at, std::int64_t offset) {
    return static_cast<std::size_t>(static_cast<std::int64_t>(at) + 1 + offset);
  }

  // Every instruction is reached, and nothing runs off the end.
  [[nodiscard]] base::Status check_flow() const {
    std::vector<bool> seen(code_.size());
    std::vector<std::size_t> todo{0};
    while (!todo.empty()) {
      std::size_t at = todo.back();
      todo.pop_back();
      while (!seen[at]) {
        seen[at] = true;
        const RawInstruction& in = code_[at];
        if (in.opcode == kExit) {
          break;
        }
        if (jumps(in)) {
          const std::size_t to = target(at, jump_offset(in));
          if (in.operation() == jmp_op::ja) {
            at = to;
            continue;
          }
          todo.push_back(to);
        }
        if (const std::uint32_t to = callee(code_, at); to != 0) todo.push_back(to);
        at += in.opcode == kLoadImm64 ? 2 : 1;
      }
    }
    for (std::size_t at = 0; at < code_.size(); ++at) {
      if (starts_[at] && !seen[at]) {
        return refuse(at, "is never reached");
      }
    }
    return {};
  }

  const std::vector<RawInstruction>& code_;
  const DecodeOptions& options_;
  std::vector<bool> starts_;  // not the second half of a 64-bit immediate load
};

}  // namespace

base::Result<Program> decode(std::vector<RawInstruction> instructions,
                             const DecodeOptions& options) {
  if (instructions.empty()) {
    return base::Error{base::ErrorCode::invalid, "the program has no instruction", ""};
  }
  if (const base::Status status = Checker(instructions, options).run(); !status) {
    return status.error();
  }
  Program program;
  program.mode = options.mode;
  program.code.reserve(instructions.size() + 1);
  for (std::size_t at = 0; at < instructions.size(); ++at) {
    const RawInstruction& in = instructions[at];
    Instruction decoded{handler_for(in), in.dst, in.src, in.offset, in.imm};
    if (in.opcode == kCallRegister && in.imm != 0) {
      decoded.dst = static_cast<std::uint8_t>(in.imm);
    }
    program.code.push_back(decoded);
    if (in.opcode != kLoadImm64) {
      continue;
    }
    Instruction half{.run = not_an_instruction, .imm = instructions[at + 1].imm};
    if (in.src == pseudo::func) {
      program.code.back().imm = static_cast<std::int32_t>(at) + 1 + in.imm;
      half.imm = static_cast<std::int32_t>(kFunctionHandle);
    }
    program.code.push_back(half);
    ++at;
  }
  program.code.push_back({.run = fell_off_the_end});
  program.raw = std::move(instructions);
  return program;
}

}  // namespace ringbed::ebpf
