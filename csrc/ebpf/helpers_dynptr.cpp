// Dynamic pointers, to memory of a map or to a ringbuf's record: 16 bytes of the program's stack
// that only helpers read and write. Here they hold a VM address, so that one that a program has
// forged reaches nothing that the program could not reach itself.
//
//   0         8      12         16
//   | address | size | reserved |
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/event_map.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

constexpr std::uint64_t kDynptrBytes = 16;
constexpr std::uint32_t kMostBytes = (1 << 24) - 1;

struct Dynptr {
  Address address = 0;  // 0: points to nothing
  std::uint32_t bytes = 0;
};

// False when it refused.
bool load(State& state, std::uint64_t at, Dynptr& into) {
  const std::uint8_t* from = state.find<Access::read>(at, kDynptrBytes);
  if (from == nullptr) {
    state.refuse("a dynptr lies outside", at);
    return false;
  }
  into = {base::load_native<Address>(from), base::load_native<std::uint32_t>(from + 8)};
  return true;
}
bool store(State& state, std::uint64_t at, const Dynptr& dynptr) {
  std::uint8_t* to = state.find<Access::write>(at, kDynptrBytes);
  if (to == nullptr) {
    state.refuse("a dynptr lies outside", at);
    return false;
  }
  std::memset(to, 0, kDynptrBytes);
  base::store_native(to, dynptr.address);
  base::store_native(to + 8, dynptr.bytes);
  return true;
}

// 0 when `bytes` bytes at `offset` are there.
int check(const Dynptr& dynptr, std::uint64_t offset, std::uint64_t bytes) {
  if (dynptr.address == 0) return -EINVAL;
  return bytes > dynptr.bytes || offset > dynptr.bytes - bytes ? -E2BIG : 0;
}

// (dynptr, flags): ends the record that it points to, if there is one.
std::uint64_t finish(Machine& machine, State& state, helper::Function& how) {
  Dynptr dynptr;
  const std::uint64_t at = state.r[1];
  if (!load(state, at, dynptr) || !store(state, at, {}) || dynptr.address == 0) return 0;
  state.r[1] = dynptr.address;
  return how(machine, state);
}

// Copies between a dynptr's bytes at `offset` and memory at `memory`.
std::uint64_t copy(State& state, const Dynptr& dynptr, std::uint64_t offset, std::uint64_t memory,
                   std::uint64_t bytes, bool into_dynptr) {
  const int fits = check(dynptr, offset, bytes);
  // A write looks at its flags last.
  if (const int result = state.r[5] != 0 && (!into_dynptr || fits == 0) ? -EINVAL : fits;
      result != 0) {
    return error(result);
  }
  const std::uint64_t inside = dynptr.address + offset;
  const std::uint64_t from = into_dynptr ? memory : inside, to = into_dynptr ? inside : memory;
  const std::uint8_t* source = state.find<Access::read>(from, bytes);
  std::uint8_t* target = state.find<Access::write>(to, bytes);
  if (bytes == 0) return 0;
  if (source == nullptr) return state.refuse("a dynptr helper reads outside", from);
  if (target == nullptr) return state.refuse("a dynptr helper writes outside", to);
  std::memmove(target, source, bytes);
  return 0;
}

}  // namespace

// (memory, size, flags, dynptr)
std::uint64_t dynptr_from_mem(Machine&, State& state) {
  const auto bytes = static_cast<std::uint32_t>(state.r[2]);
  const int result = bytes > kMostBytes ? -E2BIG : state.r[3] != 0 ? -EINVAL : 0;
  store(state, state.r[4], result == 0 ? Dynptr{state.r[1], bytes} : Dynptr{});
  return error(result);
}

// (ringbuf, size, flags, dynptr)
std::uint64_t ringbuf_reserve_dynptr(Machine& machine, State& state) {
  const auto bytes = static_cast<std::uint32_t>(state.r[2]);
  const std::uint64_t flags = state.r[3];
  Dynptr dynptr{0, bytes};
  int result = flags != 0 ? -EINVAL : bytes > kMostBytes ? -E2BIG : 0;
  if (result == 0) {
    state.r[2] = bytes;
    dynptr.address = ringbuf_reserve(machine, state);
    if (dynptr.address == 0) result = -EINVAL;
  }
  store(state, state.r[4], result == 0 ? dynptr : Dynptr{});
  return error(result);
}

std::uint64_t ringbuf_submit_dynptr(Machine& machine, State& state) {
  return finish(machine, state, ringbuf_submit);
}
std::uint64_t ringbuf_discard_dynptr(Machine& machine, State& state) {
  return finish(machine, state, ringbuf_discard);
}

// (buffer, bytes, dynptr, offset, flags)
std::uint64_t dynptr_read(Machine&, State& state) {
  Dynptr dynptr;
  if (!load(state, state.r[3], dynptr)) return 0;
  return copy(state, dynptr, state.r[4], state.r[1], state.r[2], false);
}

// (dynptr, offset, buffer, bytes, flags)
std::uint64_t dynptr_write(Machine&, State& state) {
  Dynptr dynptr;
  if (!load(state, state.r[1], dynptr)) return 0;
  return copy(state, dynptr, state.r[2], state.r[3], state.r[4], true);
}

// (dynptr, offset, bytes): the address of its bytes, or 0.
std::uint64_t dynptr_data(Machine&, State& state) {
  Dynptr dynptr;
  if (!load(state, state.r[1], dynptr)) return 0;
  const auto offset = static_cast<std::uint32_t>(state.r[2]);
  return check(dynptr, offset, static_cast<std::uint32_t>(state.r[3])) == 0
             ? dynptr.address + offset
             : 0;
}

}  // namespace ringbed::ebpf::helper
