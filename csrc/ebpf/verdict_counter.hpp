// Counts the verdicts of programs that do not count them themselves: every exit of the program's
// own function becomes a jump to a few instructions behind its end, which count what is returned
// and return it. Stages that are tail-called get the same, so that a frame is counted once, by
// whoever ends its way. Nothing in front of the end moves: relocations and line numbers stay right.
//
//   … exit … exit │ subprograms      becomes      … goto ─┐ … goto ─┤ count; exit │ subprograms
//                                                         └─────────┴──▶
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "ebpf/isa.hpp"
#include "ebpf/kernel_map.hpp"
#include "ebpf/object.hpp"

namespace ringbed::ebpf {

// What a program's type can return, by slot. Anything else is what the kernel takes it for.
struct VerdictSlots {
  std::uint32_t named;  // 0 … named - 1 are verdicts
  std::uint32_t other;  // where all others count

  [[nodiscard]] constexpr std::uint32_t slot_of(std::uint32_t verdict) const noexcept {
    return verdict < named ? verdict : other;
  }
};
inline constexpr VerdictSlots kXdpSlots{5, 0};  // XDP_ABORTED … XDP_REDIRECT; XDP_ABORTED
inline constexpr VerdictSlots kTcSlots{9, 9};   // TC_ACT_OK … TC_ACT_TRAP; TC_ACT_UNSPEC

[[nodiscard]] constexpr const VerdictSlots* verdict_slots(ProgramType type) noexcept {
  return type == ProgramType::xdp ? &kXdpSlots : type == ProgramType::tc ? &kTcSlots : nullptr;
}

class VerdictCounter {
 public:
  static constexpr std::uint32_t kSlots = 10;  // the most that a type needs

  // Error: unavailable, resource.
  [[nodiscard]] static base::Result<VerdictCounter> create();

  [[nodiscard]] int descriptor() const noexcept { return map_.descriptor(); }
  // Of all programs that count with it, together.
  [[nodiscard]] std::array<std::uint64_t, kSlots> counts() const;

 private:
  explicit VerdictCounter(KernelMap map) : map_(std::move(map)) {}

  KernelMap map_;
};

// `code`: a program's own function, without those that it calls. `map`: the counter's descriptor.
[[nodiscard]] std::vector<RawInstruction> counted(std::vector<RawInstruction> code, int map,
                                                  const VerdictSlots& slots);

// The same of a program with its subprograms behind it; `references` are moved with their code.
[[nodiscard]] std::vector<RawInstruction> counted(std::vector<RawInstruction> code, int map,
                                                  const VerdictSlots& slots,
                                                  std::vector<MapReference>& references);

}  // namespace ringbed::ebpf
