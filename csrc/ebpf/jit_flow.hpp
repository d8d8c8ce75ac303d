// What the JIT knows about registers before each instruction, by abstract interpretation over the
// basic blocks: enough to drop a bounds check where the program has made it itself, as the kernel's
// verifier does (kernel/bpf/verifier.c), and nothing more. Everything not proven is checked when it
// runs, so a program that defeats the analysis is slower and no less safe.
//
// A packet pointer is base(id) + offset; `range` bytes behind base(id) are proven to lie before
// data_end. `if (p + 14 > data_end) …` raises the range of every copy with the id of p. Where paths
// with different pointers meet, or a pointer moves by an unknown amount, a new id starts.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ebpf/machine.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf::jit {

inline constexpr std::uint64_t kAny = ~std::uint64_t{0};
inline constexpr std::uint64_t kMax32 = 0xffff'ffff;
inline constexpr std::int64_t kMaxOffset = 1 << 28;                 // of a pointer from its base
inline constexpr std::uint64_t kMaxReach = std::uint64_t{1} << 40;  // far below a wrap of addresses

enum class Kind : std::uint8_t {
  scalar,             // low to high
  context,            // context + offset
  stack,              // r10 + offset + [0, high]
  packet,             // base(id) + offset
  packet_end,         // data_end
  map_value_or_null,  // of map `id`; copies share `low`
  map_value,          // value of map `id` + offset + [0, high]
};

struct Value {
  Kind kind = Kind::scalar;
  std::uint32_t id = 0;
  std::int32_t offset = 0;
  std::uint64_t low = 0;      // packet: the proven range
  std::uint64_t high = kAny;  // packet: how far base(id) can lie behind the highest packet address

  bool operator==(const Value&) const = default;

  [[nodiscard]] static Value scalar(std::uint64_t low, std::uint64_t high) {
    return {Kind::scalar, 0, 0, low, high};
  }
  [[nodiscard]] static Value constant(std::uint64_t value) { return scalar(value, value); }
  [[nodiscard]] bool is_constant() const { return kind == Kind::scalar && low == high; }
};

struct Registers {
  std::array<Value, kRegisters> r;
  Value& operator[](std::size_t i) { return r[i]; }
  const Value& operator[](std::size_t i) const { return r[i]; }
};

class Flow {
 public:
  // Analyses at once. O(instructions) but for loops, whose blocks are visited a few times.
  Flow(const Program& program, const Machine& machine);

  [[nodiscard]] bool starts_block(std::size_t at) const { return block_[at]; }
  // False for a block that no path from an entry reaches.
  [[nodiscard]] bool reached(std::size_t block) const { return reached_[block]; }
  // Registers at the start of a reached block.
  [[nodiscard]] const Registers& at_start(std::size_t block) const { return in_[index_[block]]; }
  // Registers behind instruction `at`, on the path that goes on to the next one.
  void step(std::size_t at, Registers& registers) const;

  // Whether r1 is the context wherever the program is entered at its start.
  [[nodiscard]] bool takes_context() const { return takes_context_; }
  // Functions that a helper may call back.
  [[nodiscard]] const std::vector<std::uint32_t>& callbacks() const { return callbacks_; }

 private:
  void find_blocks();
  void solve();
  void visit(std::size_t block);
  void flow_into(std::size_t block, const Registers& registers);
  bool join(std::size_t block, unsigned reg, Value& into, const Value& from) const;
  void branch(std::size_t at, const Registers& before, Registers& taken, Registers& next) const;
  void call(std::size_t at, Registers& r) const;
  void arithmetic(std::size_t at, Registers& r) const;
  void add_pointer(std::size_t at, Registers& r, unsigned dst, Value pointer,
                   const Value& by) const;
  [[nodiscard]] Value loaded(const RawInstruction& in, const Value& base) const;

  const Program& program_;
  const Machine& machine_;
  std::size_t size_;
  bool takes_context_;
  bool packet_moves_in_calls_ = false;
  std::vector<bool> block_;
  std::vector<bool> reached_;
  std::vector<bool> pending_;
  std::vector<std::uint8_t> visits_;
  std::vector<std::uint32_t> index_;  // of a block in in_
  std::vector<Registers> in_;
  std::vector<std::uint32_t> callbacks_;
};

}  // namespace ringbed::ebpf::jit
