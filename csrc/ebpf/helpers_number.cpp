// Numbers out of text: bpf_strtol and bpf_strtoul.
#include <algorithm>
#include <limits>

#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

// As the kernel's isspace(): a no-break space is one.
bool is_space(std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0; }

// 16 or more: no digit in any base.
unsigned digit(std::uint8_t c) {
  const auto lower = static_cast<std::uint8_t>(c | 0x20);
  if (c >= '0' && c <= '9') return c - unsigned{'0'};
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10U : 16U;
}

struct Number {
  std::uint64_t magnitude = 0;
  bool negative = false;
  std::int64_t consumed = 0;  // characters, or a negative errno
};

// The number that `text` begins with. flags: the base, or 0 for what the text says.
Number parse(std::span<const std::uint8_t> text, std::uint64_t flags) {
  constexpr std::size_t kMostCharacters = 63;
  Number number{0, false, -EINVAL};
  if (flags != 0 && flags != 8 && flags != 10 && flags != 16) return number;
  auto base = static_cast<unsigned>(flags);
  std::size_t at = 0;
  while (at < text.size() && is_space(text[at])) ++at;
  number.negative = at < text.size() && text[at] == '-';
  if (number.negative) ++at;
  text = text.first(std::min(text.size(), at + kMostCharacters));
  const auto character = [&](std::size_t ahead) {
    return at + ahead < text.size() ? text[at + ahead] : std::uint8_t{0};
  };
  const bool zero = character(0) == '0';
  const bool prefixed = zero && (character(1) | 0x20) == 'x';
  if (base == 0) base = !zero ? 10 : prefixed && digit(character(2)) < 16 ? 16 : 8;
  if (base == 16 && prefixed) at += 2;
  const std::size_t first = at;
  for (; at < text.size() && digit(text[at]) < base; ++at) {
    const unsigned value = digit(text[at]);
    if (number.magnitude > (std::numeric_limits<std::uint64_t>::max() - value) / base) {
      number.consumed = -ERANGE;
      return number;
    }
    number.magnitude = number.magnitude * base + value;
  }
  if (at != first) number.consumed = static_cast<std::int64_t>(at);
  return number;
}

// (text, its size, flags, where the number goes, which is 0 when there is none)
std::uint64_t convert(State& state, bool is_signed) {
  const auto bytes = static_cast<std::uint32_t>(state.r[2]);
  const std::uint8_t* text = state.find<Access::read>(state.r[1], bytes);
  if (text == nullptr) return state.refuse("text with a number lies outside", state.r[1]);
  std::uint8_t* to = state.find<Access::write>(state.r[4], 8);
  if (to == nullptr) return state.refuse("a number out of text goes outside", state.r[4]);
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Number number = parse({text, bytes}, state.r[3]);
  std::int64_t result = number.consumed;
  if (result > 0 && !is_signed && number.negative) result = -EINVAL;
  if (result > 0 && is_signed && number.magnitude > kMost + (number.negative ? 1 : 0)) {
    result = -ERANGE;
  }
  const std::uint64_t value = number.negative ? 0 - number.magnitude : number.magnitude;
  base::store_native<std::uint64_t>(to, result > 0 ? value : 0);
  return static_cast<std::uint64_t>(result);
}

}  // namespace

std::uint64_t strtol(Machine&, State& state) { return convert(state, true); }
std::uint64_t strtoul(Machine&, State& state) { return convert(state, false); }

}  // namespace ringbed::ebpf::helper
