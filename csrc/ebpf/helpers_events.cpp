// Helpers that carry something out: ringbuf, perf events, trace_printk.
#include <cstdio>
#include <string>
#include <vector>

#include "ebpf/event_map.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

std::uint64_t error(int negative_errno) {
  return static_cast<std::uint64_t>(std::int64_t{negative_errno});
}

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

// One conversion of a format, with its length modifiers taken away.
std::string convert(Machine&, State& state, char kind, std::uint64_t value, bool wide) {
  char text[40];
  const auto narrow = static_cast<std::uint32_t>(value);
  switch (kind) {
    case 'd':
    case 'i':
      std::snprintf(text, sizeof text, "%lld",
                    wide ? static_cast<long long>(value)
                         : static_cast<long long>(static_cast<std::int32_t>(narrow)));
      return text;
    case 'u':
      std::snprintf(text, sizeof text, "%llu",
                    static_cast<unsigned long long>(wide ? value : narrow));
      return text;
    case 'x':
    case 'X':
      std::snprintf(text, sizeof text, kind == 'x' ? "%llx" : "%llX",
                    static_cast<unsigned long long>(wide ? value : narrow));
      return text;
    case 'p':
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
      return text;
    case 'c': return std::string(1, static_cast<char>(value));
    case 's': {
      std::string string;
      for (const std::uint8_t* c = state.find<Access::read>(value, 1);
           c != nullptr && *c != 0 && string.size() < 512; c = state.find<Access::read>(value, 1)) {
        string += static_cast<char>(*c);
        ++value;
      }
      return string;
    }
    default: return {};
  }
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
    case 0: return ring->used();
    case 1: return ring->spec().max_entries;
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

// (format, size, three values); the number of characters printed.
std::uint64_t trace_printk(Machine& machine, State& state) {
  const auto* format = state.find<Access::read>(state.r[1], state.r[2]);
  if (format == nullptr) return state.refuse("bpf_trace_printk's format lies outside", state.r[1]);
  std::string text;
  unsigned argument = 3;
  for (std::uint64_t at = 0; at < state.r[2] && format[at] != 0; ++at) {
    if (format[at] != '%') {
      text += static_cast<char>(format[at]);
      continue;
    }
    bool wide = false;
    for (++at; at < state.r[2] && (format[at] == 'l' || format[at] == '0' || format[at] == '-' ||
                                   (format[at] >= '1' && format[at] <= '9'));
         ++at) {
      wide = wide || format[at] == 'l';
    }
    if (at < state.r[2] && format[at] == '%') {
      text += '%';
    } else if (at < state.r[2]) {
      if (argument > 5) return error(-EINVAL);
      text += convert(machine, state, static_cast<char>(format[at]), state.r[argument++], wide);
    }
  }
  std::vector<std::string>& lines = machine.environment().trace;
  if (lines.size() < kTraceLines) {
    lines.push_back(text);
  }
  return text.size();
}

}  // namespace ringbed::ebpf::helper
