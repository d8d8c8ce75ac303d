// The response pool: a fixed number of equal buffers, each held from get() until its transmit
// completion calls put(). Nothing is allocated after construction. A buffer is known by its id
// (0 .. size-1); id, memory and umem address differ by arithmetic only:
//
//   area  |<- stride ->|<- stride ->|            |
//         | buffer 0   | buffer 1   |  ...       |      data(id) = area + id * stride
//         |<-capacity->|
//
// Whoever puts a buffer twice, or one that is not of this pool, gets told and counted; the pool
// stays whole. Kinds are rows of the table in pools.hpp.
//
// get() and put() are inlined as far as a core's own cache goes; a kind that lets its cores keep
// ids sets the limits of their caches, all others see every call in take() and give().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "device/config.hpp"
#include "device/core_cache.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::device {

inline constexpr std::uint32_t kNoBuffer = UINT32_MAX;

// A memory area that the buffers lie in, e.g. part of a umem. base null: the pool maps its own.
struct PoolMemory {
  std::uint8_t* base = nullptr;
  std::size_t bytes = 0;     // at least size * stride
  std::uint32_t stride = 0;  // from one buffer to the next; 0: capacity rounded up to 64
};

enum class PutResult : std::uint8_t {
  ok,
  doubled,  // the buffer is not out: it was put twice, or never taken
  foreign,  // no such buffer in this pool
};

// Counts since construction. A reader beside running cores sees each number whole, but not all of
// one instant; with the cores at rest in_use = gets - puts exactly.
struct PoolStats {
  std::uint64_t gets = 0;
  std::uint64_t puts = 0;
  std::uint64_t exhausted = 0;  // get() that found nothing (a burst counts each missing buffer)
  std::uint64_t double_puts = 0;
  std::uint64_t foreign_puts = 0;
  std::uint32_t in_use = 0;
  std::uint32_t in_use_peak = 0;
};

class ResponsePool {
 public:
  virtual ~ResponsePool() = default;
  ResponsePool(const ResponsePool&) = delete;
  ResponsePool& operator=(const ResponsePool&) = delete;

  // A free buffer's id, or kNoBuffer. Any thread, but one thread at a time for a given core.
  [[nodiscard]] std::uint32_t get(std::uint32_t core) noexcept {
    CoreCache& cache = caches_[core];
    if (cache.count() != 0) [[likely]] {
      const std::uint32_t id = cache.top();
      std::atomic<std::uint8_t>& out = out_[id];
      if (out.load(std::memory_order_relaxed) == 0) [[likely]] {
        out.store(1, std::memory_order_relaxed);
        cache.pop(1);
        return id;
      }
    }
    return take(core);
  }

  // Brings a buffer home; any core may return what another took.
  PutResult put(std::uint32_t core, std::uint32_t id) noexcept {
    CoreCache& cache = caches_[core];
    if (id < size_ && cache.count() < cache.limit()) [[likely]] {
      std::atomic<std::uint8_t>& out = out_[id];
      if (out.load(std::memory_order_relaxed) != 0) [[likely]] {
        out.store(0, std::memory_order_relaxed);
        *cache.room() = id;
        cache.push(1);
        return PutResult::ok;
      }
    }
    return give(core, id);
  }

  // As many as are free, at most ids.size(); returns how many were written to the front of ids.
  [[nodiscard]] virtual std::size_t get_burst(std::uint32_t core,
                                              std::span<std::uint32_t> ids) noexcept = 0;

  // Returns how many came home; the others are counted as doubled or foreign.
  virtual std::size_t put_burst(std::uint32_t core,
                                std::span<const std::uint32_t> ids) noexcept = 0;

  // Hands what `core` keeps for itself to everybody; for a core that goes idle.
  virtual void flush(std::uint32_t core) noexcept { static_cast<void>(core); }

  [[nodiscard]] virtual PoolStats stats() const noexcept = 0;

  // Bytes of memory: buffers (also when the caller gave them) and bookkeeping.
  [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;

  // The buffer's memory, capacity() bytes; id < size().
  [[nodiscard]] std::uint8_t* data(std::uint32_t id) noexcept {
    return base_ + static_cast<std::size_t>(id) * stride_;
  }
  [[nodiscard]] const std::uint8_t* data(std::uint32_t id) const noexcept {
    return base_ + static_cast<std::size_t>(id) * stride_;
  }
  // Distance of the buffer from the start of the area: its umem address, relative to the area.
  [[nodiscard]] std::uint64_t offset(std::uint32_t id) const noexcept {
    return static_cast<std::uint64_t>(id) * stride_;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::uint32_t stride() const noexcept { return stride_; }
  [[nodiscard]] std::uint32_t cores() const noexcept {
    return static_cast<std::uint32_t>(caches_.size());
  }

 protected:
  // config and memory have passed create_pool()'s checks.
  ResponsePool(const PoolConfig& config, const PoolMemory& memory, ring::MemoryArea own)
      : out_(config.size),
        caches_(config.cores),
        own_(std::move(own)),
        base_(memory.base != nullptr ? memory.base : own_.data()),
        size_(config.size),
        capacity_(config.buffer_bytes),
        stride_(memory.stride) {}

  // get() and put() where the core's cache alone could not serve them.
  [[nodiscard]] virtual std::uint32_t take(std::uint32_t core) noexcept = 0;
  virtual PutResult give(std::uint32_t core, std::uint32_t id) noexcept = 0;

  // Bytes of what every kind has: buffers, marks, caches.
  [[nodiscard]] std::size_t common_bytes() const noexcept {
    return static_cast<std::size_t>(size_) * stride_ + out_.size() +
           caches_.size() * sizeof(CoreCache);
  }

  std::vector<std::atomic<std::uint8_t>> out_;  // by id: 1 while a user has the buffer
  std::vector<CoreCache> caches_;               // by core

 private:
  ring::MemoryArea own_;
  std::uint8_t* base_;
  std::uint32_t size_;
  std::uint32_t capacity_;
  std::uint32_t stride_;
};

}  // namespace ringbed::device
