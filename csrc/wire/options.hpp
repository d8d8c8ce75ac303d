// The option grammar that IPv4 (RFC 791 section 3.1) and TCP (RFC 9293 section 3.1) share:
// kind 0 ends the list, kind 1 is one byte of padding, any other is kind, length (of all of it),
// data. A length below 2 or past the header makes the rest unreadable.
#pragma once

#include <optional>

#include "wire/view.hpp"

namespace ringbed::wire {

struct Option {
  std::uint8_t kind = 0;
  std::size_t offset = 0;  // of the kind byte, in the options area
  ByteView data;           // without kind and length; empty for one-byte options
};

// for (OptionWalker walk(view.options()); auto option = walk.next();) { … }; then malformed().
class OptionWalker {
 public:
  static constexpr std::uint8_t kEnd = 0;
  static constexpr std::uint8_t kNop = 1;

  constexpr explicit OptionWalker(ByteView options) noexcept : options_(options) {}

  // The next option except padding; nothing at the end of the list or at a malformed one.
  [[nodiscard]] constexpr std::optional<Option> next() noexcept {
    while (at_ < options_.size() && options_[at_] == kNop) {
      ++at_;
    }
    if (at_ >= options_.size() || options_[at_] == kEnd) {
      return std::nullopt;
    }
    const std::size_t left = options_.size() - at_;
    if (left < 2 || options_[at_ + 1] < 2 || options_[at_ + 1] > left) {
      malformed_ = true;
      return std::nullopt;
    }
    const std::size_t length = options_[at_ + 1];
    Option option{options_[at_], at_, options_.subspan(at_ + 2, length - 2)};
    at_ += length;
    return option;
  }

  [[nodiscard]] constexpr bool malformed() const noexcept { return malformed_; }
  // Where the walk stands: of a malformed option, its kind byte.
  [[nodiscard]] constexpr std::size_t offset() const noexcept { return at_; }

 private:
  ByteView options_;
  std::size_t at_ = 0;
  bool malformed_ = false;
};

}  // namespace ringbed::wire
