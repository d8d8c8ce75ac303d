// Helpers on maps: look-up, update, delete, push, pop, peek, the walk, and the spin lock.
#include <vector>

#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

// The map in r1, or nullptr and a fault.
Map* map_of(Machine& machine, State& state) {
  Map* map = machine.map_of_handle(state.r[1]);
  if (map == nullptr) {
    state.refuse("a map helper's r1 is no map", state.r[1]);
  }
  return map;
}

template <Access kAccess>
std::uint8_t* bytes_at(State& state, std::uint64_t address, std::uint64_t bytes, const char* what) {
  std::uint8_t* found = state.find<kAccess>(address, bytes);
  if (found == nullptr) {
    state.refuse(what, address);
  }
  return found;
}

constexpr const char* kKeyFault = "a map helper's key lies outside what the program may read";
constexpr const char* kValueFault = "a map helper's value lies outside what the program may touch";

}  // namespace

std::uint64_t map_lookup_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  const auto* key = bytes_at<Access::read>(state, state.r[2], map->spec().key_size, kKeyFault);
  return key == nullptr ? 0 : map->find(key, machine.environment().cpu);
}

std::uint64_t map_lookup_percpu_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  const auto* key = bytes_at<Access::read>(state, state.r[2], map->spec().key_size, kKeyFault);
  const auto cpu = static_cast<std::uint32_t>(state.r[3]);
  return key == nullptr || cpu >= machine.environment().cpus ? 0 : map->find(key, cpu);
}

std::uint64_t map_update_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  const auto* key = bytes_at<Access::read>(state, state.r[2], map->spec().key_size, kKeyFault);
  if (key == nullptr) return 0;
  const auto* value =
      bytes_at<Access::read>(state, state.r[3], map->spec().value_size, kValueFault);
  if (value == nullptr) return 0;
  return error(map->update(key, value, state.r[4], machine.environment().cpu));
}

std::uint64_t map_delete_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  const auto* key = bytes_at<Access::read>(state, state.r[2], map->spec().key_size, kKeyFault);
  return key == nullptr ? 0 : error(map->erase(key));
}

std::uint64_t map_push_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  const auto* value =
      bytes_at<Access::read>(state, state.r[2], map->spec().value_size, kValueFault);
  return value == nullptr ? 0 : error(map->push(value, state.r[3]));
}

std::uint64_t map_pop_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  auto* value = bytes_at<Access::write>(state, state.r[2], map->spec().value_size, kValueFault);
  return value == nullptr ? 0 : error(map->pop(value));
}

std::uint64_t map_peek_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  auto* value = bytes_at<Access::write>(state, state.r[2], map->spec().value_size, kValueFault);
  return value == nullptr ? 0 : error(map->peek(value));
}

// callback(map, key, value, context) for every element until it returns 1; the number it was
// called for. The next key is taken before the call, which may delete the element.
std::uint64_t for_each_map_elem(Machine& machine, State& state) {
  Map* map = map_of(machine, state);
  if (map == nullptr) return 0;
  if (!map->walkable())
    return state.refuse("bpf_for_each_map_elem on a map that has no walk", state.r[1]);
  if (high_half(state.r[2]) != kFunctionHandle) {
    return state.refuse("bpf_for_each_map_elem needs a function", state.r[2]);
  }
  if (state.r[4] != 0) return error(-EINVAL);
  const std::uint64_t handle_value = state.r[1];
  const std::uint64_t context = state.r[3];
  const std::uint32_t entry = low_half(state.r[2]);
  std::vector<std::uint8_t> key(map->spec().key_size);
  std::vector<std::uint8_t> next(key.size());
  const Address key_address =
      machine.lend(key.data(), static_cast<std::uint32_t>(key.size()), false);
  if (key_address == 0) return state.refuse("too many records and walks at once");
  std::uint64_t calls = 0;
  bool more = map->next_key(nullptr, next.data()) == 0;
  while (more) {
    key = next;
    machine.memory()[high_half(key_address)].base = key.data();
    more = map->next_key(key.data(), next.data()) == 0;
    const Address value = map->find(key.data(), machine.environment().cpu);
    if (value == 0) continue;
    ++calls;
    if (!machine.call_back(state, entry, {handle_value, key_address, value, context}) ||
        state.r[0] != 0) {
      break;
    }
  }
  machine.unlend(key_address);
  return calls;
}

// One thread runs a machine: the lock is always free.
std::uint64_t spin_lock(Machine&, State& state) {
  (void)bytes_at<Access::write>(state, state.r[1], 4, "bpf_spin_lock outside a map value");
  return 0;
}
std::uint64_t spin_unlock(Machine& machine, State& state) { return spin_lock(machine, state); }

// callback(index, context) up to r1 times, until it returns 1; the number of calls. Where the
// verifier knows callback and flags, which is nearly everywhere, it puts a loop in the call's
// place; that one, unlike the helper, takes all 64 bits of the count and returns an error of 32.
std::uint64_t loop(Machine& machine, State& state) {
  const std::uint64_t count = state.r[1];
  const std::uint64_t context = state.r[3];
  if (high_half(state.r[2]) != kFunctionHandle) {
    return state.refuse("bpf_loop needs a function", state.r[2]);
  }
  if (state.r[4] != 0) return error(-EINVAL);
  if (count > 1u << 23) return static_cast<std::uint32_t>(-E2BIG);
  const std::uint32_t entry = low_half(state.r[2]);
  for (std::uint64_t index = 0; index < count; ++index) {
    if (!machine.call_back(state, entry, {index, context, 0, 0})) return 0;
    if (state.r[0] != 0) return index + 1;
  }
  return count;
}

}  // namespace ringbed::ebpf::helper
