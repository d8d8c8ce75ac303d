// Helpers that carry something out: ringbuf, perf events.
#include <vector>

#include "ebpf/event_map.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

constexpr std::uint64_t kWakeupFlags = 3;  // BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP

RingBuffer* ring_of(Machine& machine, State& state) {
  Map* map = machine.map_of_handle(state.r[1]);
  if (map == nullptr || map->spec().type != MapType::ringbuf) {
    state.refuse("a ringbuf helper's r1 is no ringbuf", state.r[1]);
    return nullptr;
  }
  return static_cast<RingBuffer*>(map);
}

// Ends the record that r1 points to, in whichever ring it is.
std::uint64_t finish(Machine& machine, State& state, bool discard) {
  const std::uint8_t* data = machine.lent(state.r[1]);
  for (std::uint32_t number = 0; data != nullptr && number < machine.map_count(); ++number) {
    Map* map = machine.map(number);
    if (map->spec().type == MapType::ringbuf &&
        static_cast<RingBuffer*>(map)->finish(data, discard)) {
      machine.unlend(state.r[1]);
      return 0;
    }
  }
  return state.refuse("submit or discard of something that is no reserved record", state.r[1]);
}

}  // namespace

std::uint64_t ringbuf_output(Machine& machine, State& state) {
  RingBuffer* ring = ring_of(machine, state);
  if (ring == nullptr) return 0;
  const auto* from = state.find<Access::read>(state.r[2], state.r[3]);
  if (from == nullptr && state.r[3] != 0) {
    return state.refuse("bpf_ringbuf_output reads outside", state.r[2]);
  }
  if ((state.r[4] & ~kWakeupFlags) != 0) return error(-EINVAL);
  std::uint8_t* record = ring->reserve(state.r[3]);
  if (record == nullptr) return error(-EAGAIN);
  std::copy(from, from + state.r[3], record);
  ring->finish(record, false);
  return 0;
}

std::uint64_t ringbuf_reserve(Machine& machine, State& state) {
  RingBuffer* ring = ring_of(machine, state);
  if (ring == nullptr || state.r[3] != 0) return 0;
  std::uint8_t* record = ring->reserve(state.r[2]);
  if (record == nullptr) return 0;
  const Address address = machine.lend(record, static_cast<std::uint32_t>(state.r[2]), true);
  if (address == 0) {
    ring->finish(record, true);
    return state.refuse("too many reserved records at once");
  }
  return address;
}

std::uint64_t ringbuf_submit(Machine& machine, State& state) {
  return finish(machine, state, false);
}
std::uint64_t ringbuf_discard(Machine& machine, State& state) {
  return finish(machine, state, true);
}

std::uint64_t ringbuf_query(Machine& machine, State& state) {
  RingBuffer* ring = ring_of(machine, state);
  if (ring == nullptr) return 0;
  switch (state.r[2]) {
    case 0: return ring->produced() - ring->consumed();  // BPF_RB_AVAIL_DATA
    case 1: return ring->spec().max_entries;             // BPF_RB_RING_SIZE
    case 2: return ring->consumed();                     // BPF_RB_CONS_POS
    case 3: return ring->produced();                     // BPF_RB_PROD_POS
    default: return 0;
  }
}

// (context, map, flags, data, size): flags hold the slot, and for a frame the number of its bytes
// to append.
std::uint64_t perf_event_output(Machine& machine, State& state) {
  Map* map = machine.map_of_handle(state.r[2]);
  if (map == nullptr || map->spec().type != MapType::perf_event_array) {
    return state.refuse("bpf_perf_event_output needs a perf_event_array", state.r[2]);
  }
  constexpr std::uint64_t kIndex = 0xffff'ffff;
  constexpr std::uint64_t kContextBytes = std::uint64_t{0xfffff} << 32;
  const std::uint64_t flags = state.r[3];
  if ((flags & ~(kIndex | kContextBytes)) != 0) return error(-EINVAL);
  const auto* from = state.find<Access::read>(state.r[4], state.r[5]);
  if (from == nullptr && state.r[5] != 0) {
    return state.refuse("bpf_perf_event_output reads outside", state.r[4]);
  }
  const auto appended = static_cast<std::uint32_t>((flags & kContextBytes) >> 32);
  if (appended > machine.packet().length()) return error(-EFAULT);
  std::vector<std::uint8_t> bytes(from, from + state.r[5]);
  const std::vector<std::uint8_t> frame = machine.packet().bytes();
  bytes.insert(bytes.end(), frame.begin(), frame.begin() + appended);
  const std::uint32_t cpu = machine.environment().cpu;
  const auto slot = (flags & kIndex) == kIndex ? cpu : static_cast<std::uint32_t>(flags & kIndex);
  return error(static_cast<PerfEventArray*>(map)->output(slot, cpu, std::move(bytes)));
}

}  // namespace ringbed::ebpf::helper
