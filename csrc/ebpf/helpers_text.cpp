// Helpers on text: what programs print (kept in the environment), and strncmp.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "base/endian.hpp"
#include "ebpf/helper_functions.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf::helper {

namespace {

constexpr std::size_t kMostValues = 12;

// A format's text with its values in place: the kernel's conversions (bpf_bprintf_prepare), which
// are C's flags 0, +, - and space, a width, and d, i, u, x, X with l or ll, c, s, p, and addresses
// by pI4, pi4, pI6 and pi6.
class Formatter {
 public:
  // `room`: of the buffer that the text goes to.
  Formatter(State& state, std::span<const std::uint64_t> values, std::size_t room)
      : state_(state), values_(values), room_(room) {}

  // False for a format that the kernel refuses.
  bool run(std::string_view format) {
    for (std::size_t at = 0; at < format.size(); ++at) {
      if (!is(std::isprint, format[at]) && !is(std::isspace, format[at])) return false;
      if (format[at] != '%') {
        text_ += format[at];
      } else if (format.substr(at + 1).starts_with('%')) {
        text_ += format[++at];
      } else {
        rest_ = format.substr(at + 1);
        if (!conversion()) return false;
        at = format.size() - rest_.size() - 1;
      }
    }
    return true;
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  // Why the kernel's text is its own; nullptr where it is not.
  [[nodiscard]] const char* own() const noexcept { return own_; }

 private:
  static bool is(int (*kind)(int), char c) { return kind(static_cast<unsigned char>(c)) != 0; }

  // What `rest_` begins with, up to a character that is none of `these`.
  std::string_view take(std::string_view these) {
    const std::size_t bytes = std::min(rest_.find_first_not_of(these), rest_.size());
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  bool take_if(std::string_view what) {
    const bool there = rest_.starts_with(what);
    if (there) rest_.remove_prefix(what.size());
    return there;
  }

  // Takes what stands behind a percent sign off `rest_`; false where it is wrong.
  bool conversion() {
    constexpr std::size_t kMostWidth = (1 << 23) - 1;
    flags_ = take("0+- ");
    width_ = 0;
    for (const char digit : take("0123456789")) {
      width_ = std::min(width_ * 10 + static_cast<std::size_t>(digit - '0'), kMostWidth);
    }
    const bool wide = take_if("ll") || take_if("l");
    if (rest_.empty() || used_ == values_.size()) return false;
    const std::uint64_t value = values_[used_++];
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    switch (kind) {
      case 'd':
      case 'i':
        signed_number(wide ? static_cast<std::int64_t>(value)
                           : std::int64_t{static_cast<std::int32_t>(value)});
        return true;
      case 'u':
      case 'x':
      case 'X':
        pad("", digits(kind, wide ? value : static_cast<std::uint32_t>(value)), has('0'));
        return true;
      case 'c': pad("", std::string(1, static_cast<char>(value)), false); return !wide;
      case 's': pad("", string(value), false); return !wide;
      case 'p': return !wide && pointer(value);
      default: return false;
    }
  }

  [[nodiscard]] bool has(char flag) const { return flags_.find(flag) != std::string_view::npos; }

  void pad(std::string_view sign, const std::string& what, bool zeros) {
    if (lost_) own_ = "values behind an address that a full buffer has no room for are garbage";
    const std::size_t bytes = sign.size() + what.size();
    const std::size_t more = width_ > bytes ? width_ - bytes : 0;
    const bool left = has('-');
    if (!left && !zeros) text_.append(more, ' ');
    text_ += sign;
    if (!left && zeros) text_.append(more, '0');
    text_ += what;
    if (left) text_.append(more, ' ');
  }

  static std::string digits(char kind, std::uint64_t value) {
    char text[24];
    const char* format = kind == 'x' ? "%llx" : kind == 'X' ? "%llX" : "%llu";
    std::snprintf(text, sizeof text, format, static_cast<unsigned long long>(value));
    return text;
  }
  void signed_number(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    pad(value < 0  ? "-"
        : has('+') ? "+"
        : has(' ') ? " "
                   : "",
        digits('u', value < 0 ? 0 - bits : bits), has('0'));
  }

  // Up to the terminating zero, or as far as memory goes.
  std::string string(Address from) {
    constexpr std::size_t kMostCharacters = 1024;
    std::string text;
    for (const auto* c = state_.find<Access::read>(from, 1);
         c != nullptr && *c != 0 && text.size() < kMostCharacters;
         c = state_.find<Access::read>(from + text.size(), 1)) {
      text += static_cast<char>(*c);
    }
    return text;
  }

  // `rest_` begins behind the p. All letters and digits there belong to it.
  bool pointer(std::uint64_t value) {
    const std::string_view what = rest_;
    while (!rest_.empty() && is(std::isalnum, rest_.front())) rest_.remove_prefix(1);
    if (what.starts_with("us")) return dereferenced("");  // a process's memory: there is none
    if (what.starts_with("ks")) return dereferenced(string(value));
    if (what.starts_with('i') || what.starts_with('I')) {
      if (what.size() < 2 || (what[1] != '4' && what[1] != '6')) return false;
      return dereferenced(address(value, what[1] == '6', what[0] == 'I'));
    }
    const bool is_known = what.size() == rest_.size() ||
                          std::string_view("KxsSB").find(what[0]) != std::string_view::npos;
    if (!is_known) return false;
    if (!what.starts_with('x')) own_ = "the text of a pointer is a hash or a symbol";
    const bool zeros = width_ == 0;
    if (zeros) width_ = 16;
    pad("", digits('x', value), zeros || has('0'));
    return true;
  }

  // The kernel forgets to count, and to go on to the next value, where the buffer is full.
  bool dereferenced(const std::string& text) {
    lost_ = text_.size() >= room_;
    if (!lost_) text_ += text;
    return true;
  }

  // Of memory that is not there the kernel prints zeros.
  std::string address(Address at, bool ipv6, bool separated) {
    std::array<std::uint8_t, 16> bytes{};
    const std::size_t count = ipv6 ? 16 : 4;
    if (const auto* from = state_.find<Access::read>(at, count)) {
      std::copy(from, from + count, bytes.begin());
    }
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      char part[8];
      std::snprintf(part, sizeof part, ipv6 ? "%02x" : separated ? "%u" : "%03u", bytes[i]);
      text += part;
      const bool last = i + 1 == count;
      if (!last && !ipv6) text += '.';
      if (!last && ipv6 && separated && i % 2 == 1) text += ':';
    }
    return text;
  }

  State& state_;
  std::span<const std::uint64_t> values_;
  std::size_t used_ = 0;
  std::string text_;
  std::string_view rest_;
  std::string_view flags_;
  std::size_t width_ = 0;
  std::size_t room_;
  bool lost_ = false;
  const char* own_ = nullptr;
};

// How many bytes a text takes with its zero, or as many as there are.
std::uint64_t bytes_of_text(State& state, Address at) {
  std::uint64_t bytes = 0;
  const std::uint8_t* c = nullptr;
  do {
    c = state.find<Access::read>(at + bytes, 1);
    bytes += c != nullptr ? 1 : 0;
  } while (c != nullptr && *c != 0);
  return bytes;
}

// A format of at most `bytes` bytes, up to its zero; false when it has none or refused.
bool read_format(State& state, Address at, std::uint64_t bytes, std::string_view& into) {
  const auto* format = state.find<Access::read>(at, bytes);
  if (format == nullptr) {
    state.refuse("a format to print lies outside", at);
    return false;
  }
  into = {reinterpret_cast<const char*>(format), bytes};
  const std::size_t end = into.find('\0');
  into = into.substr(0, end);
  return end != std::string_view::npos;
}

// Prints a line of `values`; the number of characters.
std::uint64_t print(Machine& machine, State& state, std::span<const std::uint64_t> values) {
  std::string_view format;
  if (!read_format(state, state.r[1], static_cast<std::uint32_t>(state.r[2]), format)) {
    return error(-EINVAL);
  }
  constexpr std::size_t kRoom = 1024;
  Formatter formatter(state, values, kRoom);
  if (!formatter.run(format)) return error(-EINVAL);
  std::vector<std::string>& lines = machine.environment().trace;
  if (lines.size() < kTraceLines) {
    lines.push_back(formatter.text());
  }
  return formatter.text().size();
}

using Values = std::array<std::uint64_t, kMostValues>;

// How many values of eight bytes there are at `at`, or a negative errno.
int read_values(State& state, Address at, std::uint64_t size, Values& into) {
  const auto bytes = static_cast<std::uint32_t>(size);
  if (bytes % 8 != 0 || bytes > sizeof into) return -EINVAL;
  const std::uint8_t* from = state.find<Access::read>(at, bytes);
  if (from == nullptr && bytes != 0) state.refuse("values to print lie outside", at);
  for (std::size_t i = 0; from != nullptr && i < bytes / 8; ++i) {
    into[i] = base::load_native<std::uint64_t>(from + i * 8);
  }
  return static_cast<int>(bytes / 8);
}

}  // namespace

// (format, size, three values)
std::uint64_t trace_printk(Machine& machine, State& state) {
  return print(machine, state, std::span<const std::uint64_t>(state.r).subspan(3, 3));
}

// (format, size, values, their size)
std::uint64_t trace_vprintk(Machine& machine, State& state) {
  Values values{};
  const int count = read_values(state, state.r[3], state.r[4], values);
  if (count < 0) return error(count);
  return print(machine, state, std::span(values).first(static_cast<std::size_t>(count)));
}

// (buffer, its size, format, values, their size): the bytes that it takes, the zero included,
// whether they fit or not.
std::uint64_t snprintf(Machine&, State& state) {
  Values values{};
  const int count = read_values(state, state.r[4], state.r[5], values);
  if (count < 0) return error(count);
  const auto bytes = static_cast<std::uint32_t>(state.r[2]);
  std::uint8_t* to = state.find<Access::write>(state.r[1], bytes);
  if (to == nullptr && bytes != 0) return state.refuse("bpf_snprintf writes outside", state.r[1]);
  std::string_view format;
  if (!read_format(state, state.r[3], bytes_of_text(state, state.r[3]), format))
    return error(-EINVAL);
  Formatter formatter(state, std::span(values).first(static_cast<std::size_t>(count)), bytes);
  if (!formatter.run(format)) return error(-EINVAL);
  const std::string& text = formatter.text();
  if (formatter.own() != nullptr) return state.refuse(formatter.own());
  if (bytes != 0) {
    const std::size_t kept = std::min<std::size_t>(text.size(), bytes - 1);
    std::copy_n(text.begin(), kept, to);
    to[kept] = 0;
  }
  return text.size() + 1;
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
