// Single-producer single-consumer ring with the semantics and the memory layout of AF_XDP's fill,
// completion, rx and tx rings, so that one pair of classes drives both a ring of ours and one that
// the kernel maps (Linux, Documentation/networking/af_xdp.rst; libxdp's xsk.h).
//
//    producer index (u32)     consumer index (u32)    flags (u32)     descriptors
//   +--------------------+   +--------------------+   +-------+   +---+---+---+-- --+---+
//   | written by producer|   | written by consumer|   |       |   | 0 | 1 | 2 | ... |n-1|
//   +--------------------+   +--------------------+   +-------+   +---+---+---+-- --+---+
//     own cache line            own cache line                      n a power of two
//
// Indices run freely through 2^32; index & (n-1) is the slot, producer - consumer the number held.
// Each side keeps a copy of the other side's index and reads the real one (a cache miss when the
// other core has written it) only when the copy says full or empty: one miss a burst, not one an
// item (Lee, Bu, Chandranmenon 2010, "MCRingBuffer").
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

namespace ringbed::ring {

inline constexpr std::size_t kCacheLine = 64;

namespace detail {

// Calls copy(offset into the items, slot, count) for the one or two runs of slots that `count`
// items from `index` on take. One item, the commonest burst of all, is spared the arithmetic.
template <typename Copy>
inline void each_run(std::uint32_t index, std::uint32_t count, std::uint32_t size,
                     Copy copy) noexcept {
  const std::uint32_t start = index & (size - 1);
  if (count == 1) {
    return copy(0, start, std::integral_constant<std::uint32_t, 1>{});
  }
  const std::uint32_t head = std::min(count, size - start);
  copy(0, start, head);
  if (head != count) [[unlikely]] {
    copy(head, 0U, count - head);
  }
}

}  // namespace detail

// Where a ring lies. For a kernel ring: the mmapped addresses (XDP_MMAP_OFFSETS).
template <typename T>
struct RingMemory {
  std::uint32_t* producer = nullptr;
  std::uint32_t* consumer = nullptr;
  std::uint32_t* flags = nullptr;  // may be null: never asks for a wakeup
  T* descriptors = nullptr;
  std::uint32_t size = 0;  // a power of two
};

// The sending end. One thread.
template <typename T>
class RingProducer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  RingProducer() = default;
  explicit RingProducer(const RingMemory<T>& memory) noexcept
      : memory_(memory),
        next_(std::atomic_ref(*memory.producer).load(std::memory_order_relaxed)),
        consumer_(std::atomic_ref(*memory.consumer).load(std::memory_order_acquire)) {
    assert(std::has_single_bit(memory.size));
  }

  // Claims up to `count` slots; returns how many, the first one's index in `index`. They are the
  // producer's to fill with slot(index), slot(index + 1), ... until submit().
  [[nodiscard]] std::uint32_t reserve(std::uint32_t count, std::uint32_t& index) noexcept {
    std::uint32_t free = memory_.size - (next_ - consumer_);
    if (free < count) {
      consumer_ = std::atomic_ref(*memory_.consumer).load(std::memory_order_acquire);
      free = memory_.size - (next_ - consumer_);
    }
    const std::uint32_t claimed = std::min(count, free);
    index = next_;
    next_ += claimed;
    return claimed;
  }

  [[nodiscard]] T& slot(std::uint32_t index) noexcept {
    return memory_.descriptors[index & (memory_.size - 1)];
  }

  // Gives back the last `count` claimed slots unused.
  void cancel(std::uint32_t count) noexcept { next_ -= count; }

  // Publishes every claimed slot.
  void submit() noexcept { publish(next_); }

  // Copies as many items as fit and publishes them; returns how many.
  std::uint32_t push(std::span<const T> items) noexcept {
    std::uint32_t index = 0;
    const std::uint32_t count = reserve(static_cast<std::uint32_t>(items.size()), index);
    if (count == 0) {
      return 0;
    }
    detail::each_run(index, count, memory_.size, [&](auto offset, auto slot, auto run) {
      std::copy_n(items.data() + offset, run, memory_.descriptors + slot);
    });
    publish(index + count);
    return count;
  }

  // Items published and not yet released. Exact for the producer's own view.
  [[nodiscard]] std::uint32_t held() const noexcept {
    return next_ - std::atomic_ref(*memory_.consumer).load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return memory_.size; }

  // XDP_RING_NEED_WAKEUP: the kernel sleeps and wants a system call.
  [[nodiscard]] bool needs_wakeup() const noexcept {
    return memory_.flags != nullptr &&
           (std::atomic_ref(*memory_.flags).load(std::memory_order_relaxed) & 1U) != 0;
  }

 private:
  // push() knows the index: next_, read back behind the copy, would wait for its own store.
  void publish(std::uint32_t end) noexcept {
    std::atomic_ref(*memory_.producer).store(end, std::memory_order_release);
  }

  RingMemory<T> memory_{};
  std::uint32_t next_ = 0;      // first slot not claimed
  std::uint32_t consumer_ = 0;  // the consumer's index as last seen
};

// The receiving end. One thread.
template <typename T>
class RingConsumer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  RingConsumer() = default;
  explicit RingConsumer(const RingMemory<T>& memory) noexcept
      : memory_(memory),
        next_(std::atomic_ref(*memory.consumer).load(std::memory_order_relaxed)),
        producer_(std::atomic_ref(*memory.producer).load(std::memory_order_acquire)) {
    assert(std::has_single_bit(memory.size));
  }

  // Up to `count` items to read at slot(index), slot(index + 1), ...; they stay in the ring, the
  // consumer's, until release().
  [[nodiscard]] std::uint32_t peek(std::uint32_t count, std::uint32_t& index) noexcept {
    std::uint32_t ready = producer_ - next_;
    if (ready < count) {
      producer_ = std::atomic_ref(*memory_.producer).load(std::memory_order_acquire);
      ready = producer_ - next_;
    }
    const std::uint32_t taken = std::min(count, ready);
    index = next_;
    next_ += taken;
    return taken;
  }

  [[nodiscard]] const T& slot(std::uint32_t index) const noexcept {
    return memory_.descriptors[index & (memory_.size - 1)];
  }

  // Puts the last `count` peeked items back, to be peeked again.
  void cancel(std::uint32_t count) noexcept { next_ -= count; }

  // Frees every peeked slot for the producer.
  void release() noexcept { free_until(next_); }

  // Copies out and frees as many items as there are; returns how many.
  std::uint32_t pop(std::span<T> items) noexcept {
    std::uint32_t index = 0;
    const std::uint32_t count = peek(static_cast<std::uint32_t>(items.size()), index);
    if (count == 0) {
      return 0;
    }
    detail::each_run(index, count, memory_.size, [&](auto offset, auto slot, auto run) {
      std::copy_n(memory_.descriptors + slot, run, items.data() + offset);
    });
    free_until(index + count);
    return count;
  }

  // Items ready and not yet peeked.
  [[nodiscard]] std::uint32_t ready() const noexcept {
    return std::atomic_ref(*memory_.producer).load(std::memory_order_acquire) - next_;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return memory_.size; }

 private:
  void free_until(std::uint32_t end) noexcept {
    std::atomic_ref(*memory_.consumer).store(end, std::memory_order_release);
  }

  RingMemory<T> memory_{};
  std::uint32_t next_ = 0;      // first item not peeked
  std::uint32_t producer_ = 0;  // the producer's index as last seen
};

// A ring with memory of its own and both ends. Each end lies in cache lines that the other end's
// thread never touches.
template <typename T>
class SpscRing {
 public:
  // size: rounded up to a power of two, at most 2^31.
  explicit SpscRing(std::uint32_t size)
      : descriptors_(std::make_unique<T[]>(std::bit_ceil(std::max(size, 1U)))),
        producer_(memory(size)),
        consumer_(memory(size)) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  [[nodiscard]] RingProducer<T>& producer() noexcept { return producer_; }
  [[nodiscard]] RingConsumer<T>& consumer() noexcept { return consumer_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return producer_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return sizeof *this + static_cast<std::size_t>(size()) * sizeof(T);
  }

 private:
  [[nodiscard]] RingMemory<T> memory(std::uint32_t size) noexcept {
    return {&producer_index_, &consumer_index_, nullptr, descriptors_.get(),
            std::bit_ceil(std::max(size, 1U))};
  }

  alignas(kCacheLine) std::uint32_t producer_index_ = 0;
  alignas(kCacheLine) std::uint32_t consumer_index_ = 0;
  std::unique_ptr<T[]> descriptors_;
  alignas(kCacheLine) RingProducer<T> producer_;
  alignas(kCacheLine) RingConsumer<T> consumer_;
};

}  // namespace ringbed::ring
