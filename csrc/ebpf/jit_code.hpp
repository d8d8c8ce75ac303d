// Native code in executable memory. The memory is writable while the code is copied in and
// executable afterwards, never both (W^X).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "ebpf/engine.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

// What the compiler produces: position-independent bytes, and where things are in them.
struct Translation {
  std::vector<std::uint8_t> bytes;
  std::size_t start = 0;   // a run from the first instruction: all registers but r1 and r2 are 0
  std::size_t resume = 0;  // a function, with registers and count from the State
  std::size_t tail = 0;    // a tail call into the first instruction
  std::unordered_map<std::uint32_t, std::size_t> functions;  // callbacks by first instruction
  std::vector<std::size_t> instructions;  // where the code of each begins, and the end of the last
};

class NativeCode {
 public:
  // Error `unavailable` when the process may not have executable memory.
  [[nodiscard]] static base::Result<NativeCodePointer> publish(const Translation& translation,
                                                               const Machine& machine);
  ~NativeCode();
  NativeCode(const NativeCode&) = delete;
  NativeCode& operator=(const NativeCode&) = delete;

  [[nodiscard]] const Machine* machine() const noexcept { return machine_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const void* tail() const noexcept { return tail_; }

  [[nodiscard]] NativeEntry::Start start() const noexcept { return start_; }
  // Runs the function at instruction `entry`: to the end, or to where the interpreter has to go
  // on, which is `entry` itself when it is no function that a helper may call.
  const Instruction* call_back(State& state, std::uint32_t entry) const noexcept;

 private:
  using Resume = const Instruction* (*)(State*, const void* function);

  NativeCode(std::uint8_t* memory, std::size_t size, const Translation& translation,
             const Machine& machine);

  std::uint8_t* memory_;
  std::size_t size_;
  const Machine* machine_;
  NativeEntry::Start start_;
  Resume resume_;
  const void* tail_;
  std::unordered_map<std::uint32_t, const void*> functions_;
};

}  // namespace ringbed::ebpf
