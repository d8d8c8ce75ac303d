// The two ways to run a program. Both give the same results, counts and faults; the JIT is faster
// and needs an x86-64 CPU and a process that may have executable memory.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"

namespace ringbed::ebpf {

enum class Engine : std::uint8_t { interpreter, jit };

// Error `unavailable` with the reason where native code cannot run. Looked up once.
[[nodiscard]] base::Status jit_available();

// The JIT where it is available.
[[nodiscard]] Engine best_engine();

// A program's native code, made by Machine::compile (jit.hpp). It belongs to the machine that it
// was made for: map addresses are part of it.
class NativeCode;
struct NativeCodeDeleter {
  void operator()(const NativeCode* code) const noexcept;
};
using NativeCodePointer = std::unique_ptr<const NativeCode, NativeCodeDeleter>;

}  // namespace ringbed::ebpf
