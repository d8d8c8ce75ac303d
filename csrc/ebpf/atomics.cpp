// Atomic operations (RFC 9669 section 5.3). A machine runs on one thread and nobody else touches
// its maps, so a plain read-modify-write gives what the kernel's locked one gives.
#include "base/endian.hpp"
#include "ebpf/handlers.hpp"
#include "ebpf/semantics.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

namespace op = semantics;

template <typename T>
std::uint8_t* target(const Instruction* at, State& state) noexcept {
  const Address address = state.r[at->dst] + static_cast<std::uint64_t>(std::int64_t{at->offset});
  std::uint8_t* to = state.find<Access::write>(address, sizeof(T));
  if (to == nullptr) [[unlikely]] {
    state.stop(at, FaultKind::out_of_bounds_write, address, sizeof(T));
  } else if (state.program->mode == Mode::kernel_strict && address % sizeof(T) != 0) {
    state.stop(at, FaultKind::misaligned_atomic, address, sizeof(T));
    return nullptr;
  }
  return to;
}

template <typename T, auto kOperation, bool kFetch>
const Instruction* modify(const Instruction* at, State& state) {
  std::uint8_t* to = target<T>(at, state);
  if (to == nullptr) [[unlikely]] {
    return nullptr;
  }
  const T old = base::load_native<T>(to);
  base::store_native<T>(to, kOperation(old, static_cast<T>(state.r[at->src])));
  if constexpr (kFetch) {
    state.r[at->src] = old;
  }
  return proceed(at + 1, state);
}

// r0 holds the expected value, and the old one afterwards.
template <typename T>
const Instruction* compare_exchange(const Instruction* at, State& state) {
  std::uint8_t* to = target<T>(at, state);
  if (to == nullptr) [[unlikely]] {
    return nullptr;
  }
  const T old = base::load_native<T>(to);
  if (old == static_cast<T>(state.r[0])) {
    base::store_native<T>(to, static_cast<T>(state.r[at->src]));
  }
  state.r[0] = old;
  return proceed(at + 1, state);
}

template <typename T>
Handler pick(std::int32_t operation) noexcept {
  switch (operation) {
    case atomic_op::add: return modify<T, op::add, false>;
    case atomic_op::add | atomic_op::fetch: return modify<T, op::add, true>;
    case atomic_op::or_: return modify<T, op::bit_or, false>;
    case atomic_op::or_ | atomic_op::fetch: return modify<T, op::bit_or, true>;
    case atomic_op::and_: return modify<T, op::bit_and, false>;
    case atomic_op::and_ | atomic_op::fetch: return modify<T, op::bit_and, true>;
    case atomic_op::xor_: return modify<T, op::bit_xor, false>;
    case atomic_op::xor_ | atomic_op::fetch: return modify<T, op::bit_xor, true>;
    case atomic_op::xchg: return modify<T, op::mov, true>;
    case atomic_op::cmpxchg: return compare_exchange<T>;
    default: return nullptr;
  }
}

}  // namespace

Handler atomic_handler(const RawInstruction& in) noexcept {
  switch (in.memory_size()) {
    case size_of::word: return pick<std::uint32_t>(in.imm);
    case size_of::dword: return pick<std::uint64_t>(in.imm);
    default: return nullptr;
  }
}

}  // namespace ringbed::ebpf
