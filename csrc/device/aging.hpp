// The order of age of a table's connections: one list for each TCP state, in the order of
// last_seen, so that the connection to expire or to evict is always a list's first. Links are
// numbers, apart from the connections: moving one to the end of its list touches 16-byte records
// that are packed four to a cache line. Free connections form a list of their own.
//
//   links_: | 0 | 1 | ... | n-1 | closing | syn_sent | established |     the last three are the
//            connections          heads: next = oldest, previous = newest
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "device/connection.hpp"
#include "device/huge_allocator.hpp"

namespace ringbed::device {

class Aging {
 public:
  explicit Aging(std::uint32_t capacity) : capacity_(capacity), links_(capacity + kStates) {
    clear();
  }

  // A free number, or kNoConnection. It is in no list until add().
  [[nodiscard]] std::uint32_t take() noexcept {
    const std::uint32_t number = free_;
    if (number != kNoConnection) {
      free_ = links_[number].next;
    }
    return number;
  }
  void give_back(std::uint32_t number) noexcept {
    links_[number].next = free_;
    free_ = number;
  }

  void prefetch(std::uint32_t number) const noexcept { __builtin_prefetch(&links_[number], 1); }

  // As the newest of `state`.
  void add(std::uint32_t number, TcpState state) noexcept {
    const std::uint32_t head = head_of(state);
    const std::uint32_t last = links_[head].previous;
    links_[number].previous = last;
    links_[number].next = head;
    links_[last].next = number;
    links_[head].previous = number;
  }
  void remove(std::uint32_t number) noexcept {
    const Link& link = links_[number];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
  }
  void make_newest(std::uint32_t number, TcpState state) noexcept {
    if (links_[number].next != head_of(state)) {
      remove(number);
      add(number, state);
    }
  }

  // The one that was seen longest ago, or kNoConnection.
  [[nodiscard]] std::uint32_t oldest(TcpState state) const noexcept {
    const std::uint32_t number = links_[head_of(state)].next;
    return number < capacity_ ? number : kNoConnection;
  }

  [[nodiscard]] std::uint64_t& created_ns(std::uint32_t number) noexcept {
    return links_[number].created_ns;
  }
  [[nodiscard]] std::uint64_t created_ns(std::uint32_t number) const noexcept {
    return links_[number].created_ns;
  }

  // All free; number 0 is taken first.
  void clear() noexcept {
    for (std::uint32_t i = 0; i < capacity_; ++i) {
      links_[i].next = i + 1 < capacity_ ? i + 1 : kNoConnection;
    }
    free_ = 0;
    for (std::uint32_t head = capacity_; head < capacity_ + kStates; ++head) {
      links_[head].previous = head;
      links_[head].next = head;
    }
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return links_.size() * sizeof(Link); }

 private:
  static constexpr std::uint32_t kStates = 3;

  struct Link {
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
    std::uint64_t created_ns = 0;
  };

  [[nodiscard]] std::uint32_t head_of(TcpState state) const noexcept {
    return capacity_ + static_cast<std::uint32_t>(state);
  }

  std::uint32_t capacity_;
  std::uint32_t free_ = 0;
  std::vector<Link, HugeAllocator<Link>> links_;
};

}  // namespace ringbed::device
