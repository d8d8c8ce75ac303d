#include "ebpf/verdict_counter.hpp"

#include "base/endian.hpp"
#include "ebpf/functions.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::size_t kSlotBytes = 8;
constexpr std::size_t kLongestJump = 0x7fff;

constexpr std::uint8_t kMove = cls::alu64 | alu_op::mov;
constexpr std::uint8_t kMove32 = cls::alu | alu_op::mov;
constexpr std::uint8_t kAdd = cls::alu64 | alu_op::add;
constexpr std::uint8_t kLoad64 = cls::ldx | mode::mem | size_of::dword;
constexpr std::uint8_t kStore64 = cls::stx | mode::mem | size_of::dword;
constexpr std::uint8_t kStore32 = cls::stx | mode::mem | size_of::word;
constexpr std::int32_t kLookUp = 1;  // bpf_map_lookup_elem

// r0 is the verdict; r6 and the stack are nobody's any more at an exit.
std::vector<RawInstruction> epilogue(int map, const VerdictSlots& slots) {
  return {
      {kMove | kSourceRegister, 6, 0, 0, 0},
      {kMove32 | kSourceRegister, 1, 6, 0, 0},  // the kernel takes 32 bits
      {cls::jmp | jmp_op::jgt, 1, 0, 1, static_cast<std::int32_t>(slots.named - 1)},
      {cls::jmp | jmp_op::ja, 0, 0, 1, 0},
      {kMove, 1, 0, 0, static_cast<std::int32_t>(slots.other)},
      {kStore32, kFramePointer, 1, -4, 0},
      {kMove | kSourceRegister, 2, kFramePointer, 0, 0},
      {kAdd, 2, 0, 0, -4},
      {kLoadImm64, 1, pseudo::map_fd, 0, map},
      {0, 0, 0, 0, 0},
      {kCall, 0, 0, 0, kLookUp},
      {cls::jmp | jmp_op::jeq, 0, 0, 3, 0},
      {kLoad64, 1, 0, 0, 0},
      {kAdd, 1, 0, 0, 1},
      {kStore64, 0, 1, 0, 0},
      {kMove | kSourceRegister, 0, 6, 0, 0},
      {kExit, 0, 0, 0, 0},
  };
}

}  // namespace

base::Result<VerdictCounter> VerdictCounter::create() {
  MapSpec spec;
  spec.name = "verdicts";
  spec.type = MapType::percpu_array;
  spec.key_size = 4;
  spec.value_size = kSlotBytes;
  spec.max_entries = kSlots;
  auto map = KernelMap::create(spec);
  if (!map) return map.error();
  return VerdictCounter(std::move(map).value());
}

std::array<std::uint64_t, VerdictCounter::kSlots> VerdictCounter::counts() const {
  std::array<std::uint64_t, kSlots> sums{};
  std::vector<std::uint8_t> value(map_.user_value_bytes());
  for (std::uint32_t verdict = 0; verdict < kSlots; ++verdict) {
    std::uint8_t key[4];
    base::store_native(key, verdict);
    if (map_.read(key, value.data(), 0) != 0) continue;
    for (std::size_t at = 0; at + kSlotBytes <= value.size(); at += kSlotBytes) {
      sums[verdict] += base::load_native<std::uint64_t>(value.data() + at);
    }
  }
  return sums;
}

std::vector<RawInstruction> counted(std::vector<RawInstruction> code, int map,
                                    const VerdictSlots& slots) {
  const std::size_t end = code.size();
  for (std::size_t at = 0; at < end; ++at) {
    if (code[at].opcode == kExit) {
      const std::size_t ahead = end - at - 1;
      code[at] =
          ahead <= kLongestJump
              ? RawInstruction{cls::jmp | jmp_op::ja, 0, 0, static_cast<std::int16_t>(ahead), 0}
              // gotol, which kernels know from Linux 6.6 on
              : RawInstruction{cls::jmp32 | jmp_op::ja, 0, 0, 0, static_cast<std::int32_t>(ahead)};
    }
    if (code[at].opcode == kLoadImm64) ++at;
  }
  const std::vector<RawInstruction> more = epilogue(map, slots);
  code.insert(code.end(), more.begin(), more.end());
  return code;
}

std::vector<RawInstruction> counted(std::vector<RawInstruction> code, int map,
                                    const VerdictSlots& slots,
                                    std::vector<MapReference>& references) {
  // The first function that is called stands right behind the program's own.
  const std::vector<std::uint32_t> starts = function_starts(code);
  const std::size_t own = starts.size() > 1 ? starts[1] : code.size();
  const auto border = code.begin() + static_cast<std::ptrdiff_t>(own);
  std::vector<RawInstruction> first = counted({code.begin(), border}, map, slots);
  const auto moved = static_cast<std::uint32_t>(first.size() - own);
  for (std::size_t at = 0; at < own; ++at) {
    if (callee(code, at) != 0) first[at].imm += static_cast<std::int32_t>(moved);
    if (code[at].opcode == kLoadImm64) ++at;
  }
  for (MapReference& reference : references) {
    if (reference.instruction >= own) reference.instruction += moved;
  }
  first.insert(first.end(), border, code.end());
  return first;
}

}  // namespace ringbed::ebpf
