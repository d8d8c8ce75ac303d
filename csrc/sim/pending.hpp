// Things that fall due at a time, earliest first. Most of them are appended in order of time and
// then a ring is enough; where times may overtake (jitter, random hold times) a heap takes over.
// Equal times leave in the order in which they came: the simulator must not depend on heap order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/time.hpp"

namespace ringbed::sim {

template <typename T>
class Pending {
 public:
  void push(Picoseconds when, T item) {
    if (heap_.empty() && (ring_count_ == 0 || when >= last_)) {
      push_ring(when, item);
    } else {
      heap_.push_back({when, order_, item});
      std::push_heap(heap_.begin(), heap_.end(), later);
    }
    ++order_;
  }

  // As push(), but of equal times it leaves before all that are there: for something taken out
  // too early. O(log n).
  void push_front(Picoseconds when, T item) {
    heap_.push_back({when, --front_order_, item});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  [[nodiscard]] bool empty() const noexcept { return ring_count_ == 0 && heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return ring_count_ + heap_.size(); }

  [[nodiscard]] Picoseconds earliest() const noexcept {
    const Picoseconds ring = ring_count_ == 0 ? kNever : ring_[head_].when;
    return heap_.empty() ? ring : std::min(ring, heap_.front().when);
  }

  // Takes the earliest; the structure must not be empty.
  T pop() {
    if (!heap_.empty() && (ring_count_ == 0 || before(heap_.front(), ring_[head_]))) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      const T item = heap_.back().item;
      heap_.pop_back();
      return item;
    }
    const T item = ring_[head_].item;
    head_ = (head_ + 1) & mask_;
    --ring_count_;
    return item;
  }

 private:
  static constexpr std::size_t kFirstSize = 64;
  static constexpr std::uint64_t kFirstOrder = 1ULL << 63;

  struct Entry {
    Picoseconds when;
    std::uint64_t order;
    T item;
  };

  static bool before(const Entry& a, const Entry& b) noexcept {
    return a.when != b.when ? a.when < b.when : a.order < b.order;
  }
  static bool later(const Entry& a, const Entry& b) noexcept { return before(b, a); }

  void push_ring(Picoseconds when, const T& item) {
    if (ring_count_ == mask_ + 1) {
      std::vector<Entry> larger(ring_.size() * 2);
      for (std::size_t i = 0; i < ring_count_; ++i) {
        larger[i] = ring_[(head_ + i) & mask_];
      }
      ring_.swap(larger);
      mask_ = ring_.size() - 1;
      head_ = 0;
    }
    ring_[(head_ + ring_count_) & mask_] = {when, order_, item};
    ++ring_count_;
    last_ = when;
  }

  std::vector<Entry> ring_ = std::vector<Entry>(kFirstSize);
  std::size_t mask_ = kFirstSize - 1;
  std::size_t head_ = 0;
  std::size_t ring_count_ = 0;
  Picoseconds last_ = 0;
  std::vector<Entry> heap_;
  std::uint64_t order_ = kFirstOrder;
  std::uint64_t front_order_ = kFirstOrder;
};

}  // namespace ringbed::sim
