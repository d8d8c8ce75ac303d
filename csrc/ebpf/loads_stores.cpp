// Loads and stores, every one checked against the region table (RFC 9669 section 5), and the
// legacy packet loads (section 5.5).
#include "base/endian.hpp"
#include "ebpf/handlers.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/semantics.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

[[nodiscard]] Address effective(std::uint64_t base, std::int16_t offset) noexcept {
  return base + static_cast<std::uint64_t>(std::int64_t{offset});
}

template <typename T, bool kSigned>
const Instruction* load(const Instruction* at, State& state) {
  const Address address = effective(state.r[at->src], at->offset);
  const std::uint8_t* from = state.find<Access::read>(address, sizeof(T));
  if (from == nullptr) [[unlikely]] {
    return state.stop(at, FaultKind::out_of_bounds_read, address, sizeof(T));
  }
  const T value = base::load_native<T>(from);
  if constexpr (kSigned) {
    state.r[at->dst] = semantics::sign_extend<T>(std::uint64_t{0}, std::uint64_t{value});
  } else {
    state.r[at->dst] = value;
  }
  return proceed(at + 1, state);
}

template <typename T, bool kRegister>
const Instruction* store(const Instruction* at, State& state) {
  const Address address = effective(state.r[at->dst], at->offset);
  std::uint8_t* to = state.find<Access::write>(address, sizeof(T));
  if (to == nullptr) [[unlikely]] {
    return state.stop(at, FaultKind::out_of_bounds_write, address, sizeof(T));
  }
  const std::uint64_t value =
      kRegister ? state.r[at->src] : static_cast<std::uint64_t>(std::int64_t{at->imm});
  base::store_native<T>(to, static_cast<T>(value));
  return proceed(at + 1, state);
}

const Instruction* load_imm64(const Instruction* at, State& state) {
  state.r[at->dst] = static_cast<std::uint32_t>(at->imm) |
                     static_cast<std::uint64_t>(static_cast<std::uint32_t>(at[1].imm)) << 32;
  return proceed(at + 2, state);
}

// Where classic BPF's negative offsets count from (linux/filter.h).
constexpr std::int64_t kFromNetworkHeader = -0x10'0000;  // SKF_NET_OFF
constexpr std::int64_t kFromMacHeader = -0x20'0000;      // SKF_LL_OFF

// Of a socket buffer; nullptr when the frame ends before.
const std::uint8_t* at_negative(State& state, std::int64_t offset, std::uint32_t bytes) noexcept {
  const ProgramType type = state.program->type;
  const bool buffer = type == ProgramType::tc || type == ProgramType::socket_filter;
  if (!buffer || offset < kFromMacHeader) {
    return nullptr;
  }
  Packet& packet = state.machine->packet();
  const bool network = offset >= kFromNetworkHeader;
  return packet.at_header(
      network ? packet.skb.network : packet.skb.mac,
      static_cast<std::uint32_t>(offset - (network ? kFromNetworkHeader : kFromMacHeader)), bytes);
}

// A packet load outside the packet ends the program with 0, as in classic BPF. r1 to r5 are
// clobbered like by a call; zero, so that nothing depends on what they held.
template <typename T, bool kIndirect>
const Instruction* load_packet(const Instruction* at, State& state) {
  const Region& packet = state.regions[kPacketRegion];
  const std::int64_t offset =
      std::int64_t{at->imm} +
      (kIndirect ? std::int64_t{static_cast<std::int32_t>(state.r[at->src])} : 0);
  const bool inside = offset >= 0 && offset + static_cast<std::int64_t>(sizeof(T)) <= packet.size;
  const std::uint8_t* const from = inside       ? packet.base + offset
                                   : offset < 0 ? at_negative(state, offset, sizeof(T))
                                                : nullptr;
  if (from == nullptr) {
    state.r[0] = 0;
    return leave(at, state);
  }
  state.r[0] = base::load_be<T>(from);
  for (unsigned scratch = 1; scratch <= 5; ++scratch) {
    state.r[scratch] = 0;
  }
  return proceed(at + 1, state);
}

template <typename T>
Handler pick(const RawInstruction& in) noexcept {
  switch (in.instruction_class()) {
    case cls::ld:
      return in.memory_mode() == mode::ind ? load_packet<T, true> : load_packet<T, false>;
    case cls::ldx: return in.memory_mode() == mode::memsx ? load<T, true> : load<T, false>;
    case cls::st: return store<T, false>;
    default: return store<T, true>;
  }
}

}  // namespace

Handler memory_handler(const RawInstruction& in) noexcept {
  if (in.opcode == kLoadImm64) {
    return load_imm64;
  }
  switch (in.memory_size()) {
    case size_of::byte: return pick<std::uint8_t>(in);
    case size_of::half: return pick<std::uint16_t>(in);
    case size_of::word: return pick<std::uint32_t>(in);
    default: return pick<std::uint64_t>(in);
  }
}

}  // namespace ringbed::ebpf
