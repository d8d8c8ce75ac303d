// Pool kind `ring`: the free ids wait in a bounded MPMC queue; no lock. One byte a buffer says
// whether it is out; put() swaps it atomically, so that of two threads that return the same buffer
// at the same instant exactly one succeeds. gets, puts and in_use are the queue's own positions.
#include <atomic>
#include <memory>
#include <vector>

#include "device/pool_kinds.hpp"
#include "ring/mpmc_queue.hpp"

namespace ringbed::device {

namespace {

constexpr std::size_t kChunk = 32;  // ids that a burst call moves at a time

class RingPool final : public ResponsePool {
 public:
  RingPool(const PoolConfig& config, const PoolMemory& memory, ring::MemoryArea own)
      : ResponsePool(config, memory, std::move(own)), free_(config.size) {
    for (std::uint32_t id = 0; id < config.size; ++id) {
      free_.push(id);
    }
  }

  std::size_t get_burst(std::uint32_t /*core*/, std::span<std::uint32_t> ids) noexcept override {
    return pop(ids);
  }

  std::size_t put_burst(std::uint32_t /*core*/,
                        std::span<const std::uint32_t> ids) noexcept override {
    std::size_t total = 0;
    while (!ids.empty()) {
      const std::size_t chunk = std::min(ids.size(), kChunk);
      std::array<std::uint32_t, kChunk> good;
      std::size_t count = 0;
      for (const std::uint32_t id : ids.first(chunk)) {
        good[count] = id;
        count += check(id) == PutResult::ok ? 1 : 0;
      }
      push(std::span(good).first(count));
      total += count;
      ids = ids.subspan(chunk);
    }
    return total;
  }

  PoolStats stats() const noexcept override {
    PoolStats stats;
    stats.gets = free_.popped();
    stats.puts = free_.pushed() - size();
    stats.exhausted = exhausted_.load(std::memory_order_relaxed);
    stats.double_puts = doubled_.load(std::memory_order_relaxed);
    stats.foreign_puts = foreign_.load(std::memory_order_relaxed);
    stats.in_use = in_use();
    stats.in_use_peak = peak_.load(std::memory_order_relaxed);
    return stats;
  }

  std::size_t bytes() const noexcept override {
    return sizeof *this + common_bytes() + free_.bytes();
  }

 private:
  std::uint32_t take(std::uint32_t /*core*/) noexcept override {
    std::uint32_t id = kNoBuffer;
    return pop({&id, 1}) == 1 ? id : kNoBuffer;
  }

  PutResult give(std::uint32_t /*core*/, std::uint32_t id) noexcept override {
    const PutResult result = check(id);
    if (result == PutResult::ok) {
      push({&id, 1});
    }
    return result;
  }

  std::size_t pop(std::span<std::uint32_t> ids) noexcept {
    const std::size_t count = free_.pop(ids);
    for (const std::uint32_t id : ids.first(count)) {
      out_[id].store(1, std::memory_order_relaxed);
    }
    if (count < ids.size()) {
      exhausted_.fetch_add(ids.size() - count, std::memory_order_relaxed);
    }
    const std::uint32_t now = in_use();
    std::uint32_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
    return count;
  }

  PutResult check(std::uint32_t id) noexcept {
    if (id >= size()) {
      foreign_.fetch_add(1, std::memory_order_relaxed);
      return PutResult::foreign;
    }
    if (out_[id].exchange(0, std::memory_order_relaxed) == 0) {
      doubled_.fetch_add(1, std::memory_order_relaxed);
      return PutResult::doubled;
    }
    return PutResult::ok;
  }

  // The queue has a cell for every buffer, but the cell in turn may still be in the hands of a
  // thread that is taking from it: then wait for that thread's two stores.
  void push(std::span<const std::uint32_t> ids) noexcept {
    while (!ids.empty()) {
      ids = ids.subspan(free_.push(ids));
    }
  }

  [[nodiscard]] std::uint32_t in_use() const noexcept {
    const std::uint64_t popped = free_.popped();
    const std::uint64_t held = free_.pushed() - popped;  // may pass size() when others move on
    return held >= size() ? 0 : size() - static_cast<std::uint32_t>(held);
  }

  ring::MpmcQueue<std::uint32_t> free_;
  std::atomic<std::uint32_t> peak_{0};
  std::atomic<std::uint64_t> exhausted_{0};
  std::atomic<std::uint64_t> doubled_{0};
  std::atomic<std::uint64_t> foreign_{0};
};

}  // namespace

std::unique_ptr<ResponsePool> create_ring_pool(const PoolConfig& config, const PoolMemory& memory,
                                               ring::MemoryArea own) {
  return std::make_unique<RingPool>(config, memory, std::move(own));
}

}  // namespace ringbed::device
