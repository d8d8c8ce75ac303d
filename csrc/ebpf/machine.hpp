// A machine runs programs: its memory, its maps, its helpers and what they need from outside
// (clock, random numbers, CPU number), injected so that a simulated run is deterministic. One
// thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ebpf/environment.hpp"
#include "ebpf/map.hpp"
#include "ebpf/memory.hpp"
#include "ebpf/packet.hpp"
#include "ebpf/program.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

inline constexpr std::int32_t kTailCallHelper = 12;
inline constexpr std::int32_t kMapLookupHelper = 1;
inline constexpr std::int64_t kDefaultInstructionLimit = 10'000'000;

// Reads its arguments from r1 to r5, returns r0; State::refuse ends the run.
using HelperFunction = std::uint64_t (*)(Machine& machine, State& state);

// How a run ended. `r0` counts only when there was no fault.
struct Outcome {
  std::uint64_t r0 = 0;
  std::uint64_t instructions = 0;  // executed; a 64-bit immediate load counts as two
  Fault fault;

  [[nodiscard]] bool ok() const noexcept { return fault.kind == FaultKind::none; }
};

class Machine {
 public:
  explicit Machine(Environment environment = {});
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  // The interpreter to begin with. Error `unavailable` (jit_available) leaves it as it was.
  base::Status set_engine(Engine engine);
  [[nodiscard]] Engine engine() const noexcept { return engine_; }

  // Makes the native code of `program` where the engine is the JIT; does nothing otherwise. The
  // maps that it names must be there. Collection::load does it; a program without native code is
  // interpreted. Not while a program runs. O(instructions).
  base::Status compile(Program& program);

  // Runs `program` with r1 and r2 as given. Hot path: no allocation unless a map without
  // preallocation has to grow.
  Outcome run(const Program& program, std::uint64_t r1, std::uint64_t r2 = 0) noexcept;

  // Runs `program` on a frame; r1 is its context. The verdict is the low half of r0; packet()
  // holds the frame afterwards and where it was redirected.
  Outcome run(const Program& program, base::ByteView frame,
              const PacketParameters& parameters = {});

  // Runs the function at instruction `entry` of the current program in a new frame, for helpers
  // that call back. False when it faulted; r0 holds its result.
  bool call_back(State& state, std::uint32_t entry, std::array<std::uint64_t, 4> arguments);

  // What a tail call enters; nullptr for a miss. Sets a fault when `map` is no prog_array.
  const Program* tail_target(State& state, std::uint64_t map, std::uint64_t index);

  // nullptr when there is no such helper.
  [[nodiscard]] HelperFunction helper(std::uint64_t number) const noexcept {
    return number < helpers_.size() ? helpers_[number] : nullptr;
  }

  // Takes the map in and gives it its regions. Error `resource` when it is too large.
  base::Result<Map*> add_map(MapSpec spec);
  [[nodiscard]] Map* map(std::uint32_t index) const noexcept {
    return index < maps_.size() ? maps_[index].get() : nullptr;
  }
  [[nodiscard]] Map* map_of_handle(std::uint64_t value) const noexcept {
    return high_half(value) == kMapHandle ? map(low_half(value)) : nullptr;
  }
  [[nodiscard]] std::uint32_t map_count() const noexcept {
    return static_cast<std::uint32_t>(maps_.size());
  }

  // Lends `bytes` host bytes to the program under one of the scratch regions, until unlend().
  // 0 when all are taken.
  Address lend(std::uint8_t* data, std::uint32_t bytes, bool writable);
  // The host bytes at the start of a lent region, or nullptr.
  [[nodiscard]] std::uint8_t* lent(Address address) const noexcept;
  void unlend(Address address) noexcept;

  // After a helper has changed the packet's bounds or what its context tells.
  void packet_changed() noexcept;

  [[nodiscard]] Packet& packet() noexcept { return packet_; }
  [[nodiscard]] Memory& memory() noexcept { return memory_; }
  [[nodiscard]] Environment& environment() noexcept { return environment_; }
  [[nodiscard]] const Memory& memory() const noexcept { return memory_; }
  [[nodiscard]] const Packet& packet() const noexcept { return packet_; }
  [[nodiscard]] const Environment& environment() const noexcept { return environment_; }
  // The state that runs use; native code addresses the machine's parts relative to it.
  [[nodiscard]] const State& state() const noexcept { return state_; }
  void set_instruction_limit(std::int64_t limit) noexcept {
    limit_ = limit;
    state_.limit = limit;
  }

 private:
  [[nodiscard]] std::uint8_t* stack_frame(std::size_t number) noexcept {
    return stack_[number].bytes.data();
  }
  // Zeroes the stack frames that earlier runs left dirty.
  void clear_stack() noexcept;
  void reset() noexcept;
  // State::packet_delta anew.
  std::uint64_t find_packet() noexcept;
  // Interprets from `at` (nullptr: nothing is left to do) to the end of the run.
  Outcome run_on(const Instruction* at) noexcept;
  // Runs on from `entry` of the current program to the end of the run or of the callback, natively
  // where it can.
  void call_function(State& state, std::uint32_t entry) noexcept;

  State state_;
  Memory memory_;
  Environment environment_;
  Engine engine_ = Engine::interpreter;
  std::int64_t limit_ = kDefaultInstructionLimit;
  std::array<HelperFunction, 256> helpers_{};
  std::vector<std::unique_ptr<Map>> maps_;
  Packet packet_;
  // Cleared often, and in whole cache lines.
  struct alignas(64) StackFrame {
    std::array<std::uint8_t, kStackBytes> bytes;
  };
  std::vector<StackFrame> stack_;
};

}  // namespace ringbed::ebpf
