// What every decision logic needs besides deciding: order identifiers that never repeat, and a
// fixed-size memory of the last orders (the published "order cache").
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/endian.hpp"
#include "feed/nanonet.hpp"

namespace ringbed::device {

// 16 characters: core (2 hexadecimal digits), then a count (14). Unique for 2^56 orders a core.
class OrderIds {
 public:
  explicit OrderIds(std::uint32_t core) noexcept
      : next_(static_cast<std::uint64_t>(core) << 56), head_(hex(core << 24)) {}

  [[nodiscard]] std::array<std::uint8_t, 16> next() noexcept {
    const std::uint64_t value = next_++;
    std::array<std::uint8_t, 16> id;
    base::store_be(id.data(), head_);
    base::store_be(id.data() + 8, hex(static_cast<std::uint32_t>(value)));
    if (static_cast<std::uint32_t>(next_) == 0) [[unlikely]] {
      head_ = hex(static_cast<std::uint32_t>(next_ >> 32));
    }
    return id;
  }

 private:
  // Eight hexadecimal digits, the first in the top byte: the nibbles are spread to bytes, then all
  // bytes are turned into characters at once (no loop, no division).
  [[nodiscard]] static constexpr std::uint64_t hex(std::uint32_t value) noexcept {
    std::uint64_t x = value;
    x = (x | x << 16) & 0x0000'ffff'0000'ffffULL;
    x = (x | x << 8) & 0x00ff'00ff'00ff'00ffULL;
    x = (x | x << 4) & 0x0f0f'0f0f'0f0f'0f0fULL;
    const std::uint64_t letters = (x + 0x0606'0606'0606'0606ULL) >> 4 & 0x0101'0101'0101'0101ULL;
    return x + 0x3030'3030'3030'3030ULL + letters * ('a' - '0' - 10);
  }

  std::uint64_t next_;
  std::uint64_t head_;  // the first eight digits of next_
};

// The last `size` orders. An order is made where it is kept: copying it would cost more than making
// it.
class OrderLog {
 public:
  explicit OrderLog(std::uint32_t size) : size_(size), orders_(std::max(size, 1U)) {}

  // Where the next order is to be written; the oldest one is given up.
  [[nodiscard]] feed::TradingOrder& next() noexcept {
    ++count_;
    feed::TradingOrder& order = orders_[at_];
    at_ = at_ + 1 == orders_.size() ? 0 : at_ + 1;
    return order;
  }

  // Oldest first, at most out.size(), the newest of them last; returns how many.
  std::size_t copy(std::span<feed::TradingOrder> out) const noexcept {
    const auto kept = static_cast<std::size_t>(std::min<std::uint64_t>(count_, size_));
    const std::size_t wanted = std::min(kept, out.size());
    for (std::size_t i = 0; i < wanted; ++i) {
      out[i] = orders_[(at_ + orders_.size() - wanted + i) % orders_.size()];
    }
    return wanted;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  void clear() noexcept {
    count_ = 0;
    at_ = 0;
  }

 private:
  std::uint32_t size_;
  std::vector<feed::TradingOrder> orders_;  // at least one: the order of the moment
  std::size_t at_ = 0;                      // where the next one goes
  std::uint64_t count_ = 0;                 // ever
};

}  // namespace ringbed::device
