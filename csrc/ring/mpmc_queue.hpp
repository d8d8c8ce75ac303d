// Bounded multi-producer multi-consumer queue (Vyukov 2011), with bursts. Each cell carries a
// sequence number that says whose turn it is, so that claiming a place is one compare-and-swap on
// one index and producers never touch the consumers' index:
//
//   cell i:  sequence = p       free for the enqueue at position p   (p mod n = i)
//            sequence = p + 1   holds the item of position p
//            sequence = p + n   free again, one lap later
//
// A burst of k claims k positions with one compare-and-swap, after it has seen k cells ready. No
// locks; a thread that stops between claim and publish delays only those that need its cell.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "ring/spsc_ring.hpp"

namespace ringbed::ring {

template <typename T>
class MpmcQueue {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // size: rounded up to a power of two, at least 2.
  explicit MpmcQueue(std::uint32_t size)
      : mask_(std::bit_ceil(std::max<std::uint64_t>(size, 2)) - 1),
        cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::uint64_t i = 0; i <= mask_; ++i) {
      cells_[i].sequence.store(i, std::memory_order_relaxed);
    }
  }
  MpmcQueue(const MpmcQueue&) = delete;
  MpmcQueue& operator=(const MpmcQueue&) = delete;

  // Appends as many items as there is room for, in order and contiguous; returns how many.
  std::size_t push(std::span<const T> items) noexcept {
    std::uint64_t position = tail_.load(std::memory_order_relaxed);
    const std::size_t count = claim(tail_, position, items.size(), 0);
    for (std::size_t i = 0; i < count; ++i) {
      Cell& cell = cells_[(position + i) & mask_];
      cell.item = items[i];
      cell.sequence.store(position + i + 1, std::memory_order_release);
    }
    return count;
  }
  bool push(const T& item) noexcept { return push(std::span<const T>(&item, 1)) == 1; }

  // Takes up to items.size() of the oldest items; returns how many.
  std::size_t pop(std::span<T> items) noexcept {
    std::uint64_t position = head_.load(std::memory_order_relaxed);
    const std::size_t count = claim(head_, position, items.size(), 1);
    for (std::size_t i = 0; i < count; ++i) {
      Cell& cell = cells_[(position + i) & mask_];
      items[i] = cell.item;
      cell.sequence.store(position + i + mask_ + 1, std::memory_order_release);
    }
    return count;
  }
  bool pop(T& item) noexcept { return pop(std::span<T>(&item, 1)) == 1; }

  // Items ever pushed and popped; their difference is what the queue holds.
  [[nodiscard]] std::uint64_t pushed() const noexcept {
    return tail_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint64_t popped() const noexcept {
    return head_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::size_t size() const noexcept { return mask_ + 1; }
  [[nodiscard]] std::size_t bytes() const noexcept { return sizeof *this + size() * sizeof(Cell); }

 private:
  struct Cell {
    std::atomic<std::uint64_t> sequence;
    T item;
  };

  // Moves `index` on by as many of `wanted` cells as have sequence = their position + ready, and
  // returns how many; `position` is then the first claimed one.
  std::size_t claim(std::atomic<std::uint64_t>& index, std::uint64_t& position, std::size_t wanted,
                    std::uint64_t ready) noexcept {
    for (;;) {
      std::size_t count = 0;
      while (count < wanted && cells_[(position + count) & mask_].sequence.load(
                                   std::memory_order_acquire) == position + count + ready) {
        ++count;
      }
      if (count == 0) {
        // Nothing ready at what was the end a moment ago: full (empty), unless the end has moved.
        const std::uint64_t now = index.load(std::memory_order_relaxed);
        if (now == position || wanted == 0) {
          return 0;
        }
        position = now;
        continue;
      }
      if (index.compare_exchange_weak(position, position + count, std::memory_order_relaxed)) {
        return count;
      }
    }
  }

  std::uint64_t mask_;
  std::unique_ptr<Cell[]> cells_;
  alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};
};

}  // namespace ringbed::ring
