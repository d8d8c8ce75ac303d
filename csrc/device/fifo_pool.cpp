// Pool kind `fifo`: the published design (a first-in first-out list under one lock), except that
// buffers come home. Every operation is exact: the lock orders them all.
#include <memory>
#include <mutex>
#include <vector>

#include "device/pool_kinds.hpp"
#include "device/spin_lock.hpp"

namespace ringbed::device {

namespace {

class FifoPool final : public ResponsePool {
 public:
  FifoPool(const PoolConfig& config, const PoolMemory& memory, ring::MemoryArea own)
      : ResponsePool(config, memory, std::move(own)), free_(config.size) {
    for (std::uint32_t id = 0; id < config.size; ++id) {
      free_[id] = id;
    }
  }

  std::size_t get_burst(std::uint32_t /*core*/, std::span<std::uint32_t> ids) noexcept override {
    const std::lock_guard guard(lock_);
    std::size_t count = 0;
    while (count < ids.size() && stats_.in_use < size()) {
      ids[count++] = pop();
    }
    stats_.exhausted += ids.size() - count;
    return count;
  }

  std::size_t put_burst(std::uint32_t /*core*/,
                        std::span<const std::uint32_t> ids) noexcept override {
    const std::lock_guard guard(lock_);
    std::size_t count = 0;
    for (const std::uint32_t id : ids) {
      count += push(id) == PutResult::ok ? 1 : 0;
    }
    return count;
  }

  PoolStats stats() const noexcept override {
    const std::lock_guard guard(lock_);
    return stats_;
  }

  std::size_t bytes() const noexcept override {
    return sizeof *this + common_bytes() + free_.size() * sizeof free_[0];
  }

 private:
  std::uint32_t take(std::uint32_t /*core*/) noexcept override {
    const std::lock_guard guard(lock_);
    if (stats_.in_use == size()) {
      ++stats_.exhausted;
      return kNoBuffer;
    }
    return pop();
  }

  PutResult give(std::uint32_t /*core*/, std::uint32_t id) noexcept override {
    const std::lock_guard guard(lock_);
    return push(id);
  }

  std::uint32_t pop() noexcept {
    const std::uint32_t id = free_[first_];
    first_ = first_ + 1 == size() ? 0 : first_ + 1;
    out_[id].store(1, std::memory_order_relaxed);
    ++stats_.gets;
    if (++stats_.in_use > stats_.in_use_peak) {
      stats_.in_use_peak = stats_.in_use;
    }
    return id;
  }

  PutResult push(std::uint32_t id) noexcept {
    if (id >= size()) {
      ++stats_.foreign_puts;
      return PutResult::foreign;
    }
    if (out_[id].load(std::memory_order_relaxed) == 0) {
      ++stats_.double_puts;
      return PutResult::doubled;
    }
    out_[id].store(0, std::memory_order_relaxed);
    free_[last_] = id;
    last_ = last_ + 1 == size() ? 0 : last_ + 1;
    ++stats_.puts;
    --stats_.in_use;
    return PutResult::ok;
  }

  mutable SpinLock lock_;
  std::vector<std::uint32_t> free_;  // circular: free ids from first_ up to last_
  std::uint32_t first_ = 0;
  std::uint32_t last_ = 0;
  PoolStats stats_;
};

}  // namespace

std::unique_ptr<ResponsePool> create_fifo_pool(const PoolConfig& config, const PoolMemory& memory,
                                               ring::MemoryArea own) {
  return std::make_unique<FifoPool>(config, memory, std::move(own));
}

}  // namespace ringbed::device
