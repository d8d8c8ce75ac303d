// What one core of a response pool keeps for itself: a stack of free ids (home last, out first) and
// the core's counts. One writer, so that no operation needs a lock prefix; any thread may read the
// counts.
//
//   balance_:  | net, signed 32 bits | count 32 bits |       net - count = buffers out
//
// net: ids that the rest of the pool gave to this core, less those that it gave back. Both halves
// change with one store, so that no reader sees a move half done. A core that brings home more than
// it takes has a negative number out: only the sum over the cores counts buffers.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "ring/spsc_ring.hpp"

namespace ringbed::device {

// A count with one writer: an increment needs no lock prefix.
class SoleCounter {
 public:
  void add(std::uint64_t n) noexcept { value_.store(value() + n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class alignas(ring::kCacheLine) CoreCache {
 public:
  static constexpr std::uint32_t kMaxIds = 128;

  // Ids in the stack.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(balance());
  }
  // From this count on push() is not for the fast path; 0: this core keeps nothing.
  [[nodiscard]] std::uint32_t limit() const noexcept {
    return limit_.load(std::memory_order_relaxed);
  }
  // Any thread; limit <= kMaxIds.
  void set_limit(std::uint32_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }

  // The id on top (count() > 0); the n on top; the n that have been here longest.
  [[nodiscard]] std::uint32_t top() const noexcept { return ids_[count() - 1]; }
  [[nodiscard]] std::span<const std::uint32_t> top(std::uint32_t n) const noexcept {
    return {ids_.data() + (count() - n), n};
  }
  [[nodiscard]] std::span<const std::uint32_t> bottom(std::uint32_t n) const noexcept {
    return {ids_.data(), n};
  }
  // Where ids go before push() or stock() takes them in.
  [[nodiscard]] std::uint32_t* room() noexcept { return ids_.data() + count(); }

  // A user has taken the top n.
  void pop(std::uint32_t n) noexcept {
    const std::uint64_t balance = this->balance() - n;
    balance_.store(balance, std::memory_order_relaxed);
    gets_.add(n);
    if (const auto left = static_cast<std::uint32_t>(balance); left < low()) {
      low_.store(left, std::memory_order_relaxed);
    }
  }
  // A user has brought home the n ids in room().
  void push(std::uint32_t n) noexcept { balance_.store(balance() + n, std::memory_order_relaxed); }

  // The rest of the pool has given the n ids in room().
  void stock(std::uint32_t n) noexcept { move(std::int64_t{n}); }
  // The bottom n, or the top n, are no longer this core's.
  void give_up_bottom(std::uint32_t n) noexcept {
    std::copy(ids_.begin() + n, ids_.begin() + count(), ids_.begin());
    move(-std::int64_t{n});
  }
  void give_up_top(std::uint32_t n) noexcept { move(-std::int64_t{n}); }

  // Buffers that this core took less those that it brought home, and the highest that ever was.
  [[nodiscard]] std::int64_t out() const noexcept {
    const std::uint64_t balance = this->balance();
    return net(balance) - static_cast<std::uint32_t>(balance);
  }
  [[nodiscard]] std::int64_t peak() const noexcept {
    return std::max(peak_.load(std::memory_order_relaxed), net(balance()) - low());
  }
  [[nodiscard]] std::uint64_t gets() const noexcept { return gets_.value(); }
  [[nodiscard]] std::uint64_t puts() const noexcept {
    return gets() - static_cast<std::uint64_t>(out());
  }

  SoleCounter exhausted;
  SoleCounter doubled;
  SoleCounter foreign;

 private:
  [[nodiscard]] std::uint64_t balance() const noexcept {
    return balance_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t low() const noexcept { return low_.load(std::memory_order_relaxed); }
  [[nodiscard]] static std::int64_t net(std::uint64_t balance) noexcept {
    return static_cast<std::int64_t>(balance) >> 32;
  }

  // net and count both change by n, so that nothing goes out or comes home.
  void move(std::int64_t n) noexcept {
    peak_.store(peak(), std::memory_order_relaxed);
    const std::uint64_t balance =
        this->balance() + (static_cast<std::uint64_t>(n) << 32) + static_cast<std::uint64_t>(n);
    low_.store(static_cast<std::uint32_t>(balance), std::memory_order_relaxed);
    balance_.store(balance, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> balance_{0};
  std::atomic<std::uint32_t> limit_{0};
  std::atomic<std::uint32_t> low_{0};  // the lowest count since net changed: peak = net - low
  SoleCounter gets_;
  std::atomic<std::int64_t> peak_{0};  // while net was what it was before
  alignas(ring::kCacheLine) std::array<std::uint32_t, kMaxIds> ids_;
};

}  // namespace ringbed::device
