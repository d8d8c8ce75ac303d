// Atomic operations (RFC 9669 section 5.3). A machine runs on one thread and nobody else touches
// its maps, so a plain read-modify-write gives what the kernel's locked one gives, and a plain load
// or store what an ordered one gives.
#include "base/endian.hpp"
#include "ebpf/handlers.hpp"
#include "ebpf/semantics.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

namespace op = semantics;

template <typename T, Access kAccess = Access::write>
std::uint8_t* target(const Instruction* at, State& state) noexcept {
  constexpr bool kWrites = kAccess == Access::write;
  const Address address =
      state.r[kWrites ? at->dst : at->src] + static_cast<std::uint64_t>(std::int64_t{at->offset});
  std::uint8_t* to = state.find<kAccess>(address, sizeof(T));
  if (to == nullptr) [[unlikely]] {
    state.stop(at, kWrites ? FaultKind::out_of_bounds_write : FaultKind::out_of_bounds_read,
               address, sizeof(T));
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
const Instruction* load_acquire(const Instruction* at, State& state) {
  const std::uint8_t* from = target<T, Access::read>(at, state);
  if (from == nullptr) [[unlikely]] {
    return nullptr;
  }
  state.r[at->dst] = base::load_native<T>(from);
  return proceed(at + 1, state);
}

template <typename T>
const Instruction* store_release(const Instruction* at, State& state) {
  std::uint8_t* to = target<T>(at, state);
  if (to == nullptr) [[unlikely]] {
    return nullptr;
  }
  base::store_native<T>(to, static_cast<T>(state.r[at->src]));
  return proceed(at + 1, state);
}

template <typename T>
Handler pick_ordered(std::int32_t operation) noexcept {
  switch (operation) {
    case atomic_op::load_acquire: return load_acquire<T>;
    case atomic_op::store_release: return store_release<T>;
    default: return nullptr;
  }
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
    default: return pick_ordered<T>(operation);
  }
}

}  // namespace

Handler atomic_handler(const RawInstruction& in) noexcept {
  switch (in.memory_size()) {
    case size_of::byte: return pick_ordered<std::uint8_t>(in.imm);
    case size_of::half: return pick_ordered<std::uint16_t>(in.imm);
    case size_of::word: return pick<std::uint32_t>(in.imm);
    default: return pick<std::uint64_t>(in.imm);
  }
}

}  // namespace ringbed::ebpf
