// Helpers on text: what programs print (kept in the environment), and strncmp.
#include <algorithm>
#include <cstdio>
#include <span>
#include <string>

#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

// One conversion of a format, with its length modifiers taken away.
std::string convert(State& state, char kind, std::uint64_t value, bool wide) {
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

// Prints a line of `arguments`; the number of characters.
std::uint64_t print(Machine& machine, State& state, std::span<const std::uint64_t> arguments) {
  const std::uint64_t bytes = state.r[2];
  const auto* format = state.find<Access::read>(state.r[1], bytes);
  if (format == nullptr) return state.refuse("a format to print lies outside", state.r[1]);
  std::string text;
  std::size_t argument = 0;
  for (std::uint64_t at = 0; at < bytes && format[at] != 0; ++at) {
    if (format[at] != '%') {
      text += static_cast<char>(format[at]);
      continue;
    }
    bool wide = false;
    for (++at; at < bytes && (format[at] == 'l' || format[at] == '0' || format[at] == '-' ||
                              (format[at] >= '1' && format[at] <= '9'));
         ++at) {
      wide = wide || format[at] == 'l';
    }
    if (at < bytes && format[at] == '%') {
      text += '%';
    } else if (at < bytes) {
      if (argument >= arguments.size()) return error(-EINVAL);
      text += convert(state, static_cast<char>(format[at]), arguments[argument++], wide);
    }
  }
  std::vector<std::string>& lines = machine.environment().trace;
  if (lines.size() < kTraceLines) {
    lines.push_back(text);
  }
  return text.size();
}

}  // namespace

// (format, size, three values)
std::uint64_t trace_printk(Machine& machine, State& state) {
  return print(machine, state, std::span<const std::uint64_t>(state.r).subspan(3, 3));
}

// (format, size, values, their size)
std::uint64_t trace_vprintk(Machine& machine, State& state) {
  constexpr std::size_t kMostValues = 12;
  std::array<std::uint64_t, kMostValues> values{};
  const auto bytes = static_cast<std::uint32_t>(state.r[4]);
  if (bytes % 8 != 0 || bytes > sizeof values) return error(-EINVAL);
  const std::uint8_t* from = state.find<Access::read>(state.r[3], bytes);
  if (from == nullptr && bytes != 0) {
    return state.refuse("values to print lie outside", state.r[3]);
  }
  for (std::size_t i = 0; i < bytes / 8; ++i) {
    values[i] = base::load_native<std::uint64_t>(from + i * 8);
  }
  return print(machine, state, std::span<const std::uint64_t>(values).first(bytes / 8));
}

// (text, its size, text that ends with a zero): -1, 0 or 1
std::uint64_t strncmp(Machine&, State& state) {
  const auto bytes = static_cast<std::uint32_t>(state.r[2]);
  const std::uint8_t* one = state.find<Access::read>(state.r[1], bytes);
  if (one == nullptr) return state.refuse("bpf_strncmp reads outside", state.r[1]);
  for (std::uint32_t at = 0; at < bytes; ++at) {
    const std::uint8_t* two = state.find<Access::read>(state.r[3] + at, 1);
    if (two == nullptr) return state.refuse("bpf_strncmp reads outside", state.r[3] + at);
    if (one[at] != *two) return error(one[at] < *two ? -1 : 1);
    if (*two == 0) break;
  }
  return 0;
}

}  // namespace ringbed::ebpf::helper
