// One object made real somewhere: in the VM (interpreted or as native code) or in the kernel.
// Whoever compares executors, tests an object or reads its maps sees them all alike: frames in,
// verdict and bytes out, maps by their index in the object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ebpf/event_map.hpp"
#include "ebpf/object.hpp"

namespace ringbed::engine {

enum class ExecutorKind : std::uint8_t { vm, jit, kernel };

[[nodiscard]] constexpr std::string_view to_string(ExecutorKind kind) noexcept {
  switch (kind) {
    case ExecutorKind::vm: return "vm";
    case ExecutorKind::jit: return "jit";
    case ExecutorKind::kernel: return "kernel";
  }
  return "";
}

// What came of one frame.
struct Execution {
  bool refused = false;  // the executor does not take such a frame (too short for the kernel)
  std::uint32_t verdict = 0;
  std::vector<std::uint8_t> frame;  // metadata first, as the kernel's test run gives it
  std::uint64_t instructions = 0;   // 0: not counted
  std::uint32_t ns = 0;             // kernel: what it measured
  std::string fault;                // the program was stopped; empty: it ran to its end
};

// Where an executor's clock and chance come from; the kernel has its own.
struct ExecutorClock {
  bool frozen = false;     // stands still, an hour ahead; else the machine's monotonic clock
  std::uint64_t seed = 1;  // of bpf_get_prandom_u32
};

class BpfExecutor {
 public:
  virtual ~BpfExecutor() = default;

  [[nodiscard]] virtual ExecutorKind kind() const noexcept = 0;
  // Index of a program for run(), or a negative number.
  [[nodiscard]] virtual int program(std::string_view name) const = 0;
  virtual void run(int program, base::ByteView frame, Execution& into) = 0;

  // User space on map `map` of the object: 0 or a negative errno. Every CPU's value is
  // value_bytes(), rounded up to eight and one behind the other, for a per-CPU map.
  virtual int read(std::size_t map, const std::uint8_t* key, std::uint8_t* value) = 0;
  virtual int write(std::size_t map, const std::uint8_t* key, const std::uint8_t* value,
                    std::uint64_t flags) = 0;
  virtual int remove(std::size_t map, const std::uint8_t* key) = 0;
  virtual int next_key(std::size_t map, const std::uint8_t* key, std::uint8_t* next) = 0;
  virtual int batch(std::size_t map, ebpf::BatchOperation operation, ebpf::Batch& batch) = 0;
  [[nodiscard]] virtual std::uint32_t value_bytes(std::size_t map) const = 0;
  [[nodiscard]] virtual std::uint64_t memory_bytes(std::size_t map) const = 0;
  // Of a ringbuf: the events since the last call.
  virtual std::vector<ebpf::Event> drain(std::size_t map) = 0;
  // Instructions that the verifier went through; 0 where there is none.
  [[nodiscard]] virtual std::uint64_t verified_instructions(std::string_view program) const = 0;

  // CPU that programs run on: this thread's, which must stay there (CpuPin).
  static std::uint32_t this_cpu();
};

// `object` and `file` outlive the executor; `only`: the programs to load, empty: all that can be.
// Errors: of the checks, of the verifier, unavailable.
[[nodiscard]] base::Result<std::unique_ptr<BpfExecutor>> make_executor(
    ExecutorKind kind, base::ByteView file, const ebpf::ObjectSpec& object,
    const std::vector<std::string>& only = {}, const ExecutorClock& clock = {});

// Keeps the calling thread on its CPU while it lives, so that per-CPU values of VM and kernel fall
// into the same slot.
class CpuPin {
 public:
  CpuPin();
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;
  ~CpuPin();

 private:
  std::vector<std::uint8_t> before_;
};

}  // namespace ringbed::engine
