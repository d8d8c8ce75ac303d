// Pool kind `percore`: each core keeps a few free ids in a stack of its own, in front of a shared
// MPMC queue, so that the common get and put touch nothing that another core writes.
//
//   core 0: | cache, at most 2c | <-- refill c / flush c --> |                     |
//   core 1: | cache, at most 2c | <------------------------> | shared queue of ids |
//
// Bounded starvation: c is chosen so that all caches together hold at most an eighth of the pool
// (c >= 1). A core that finds its cache and the queue empty also raises `wanted_`: from then on
// every put() of any core goes to the queue, with all that the core had cached, until somebody's
// refill succeeds. With one core exhaustion is exact. With several, get() can fail while other
// cores cache up to (cores - 1) * 2c ids, until they put or flush() next.
//
// Returned twice: the byte out_[id] is checked by put() and again by get(), with plain loads and
// stores. That is exact for any order of calls, on any cores, with the one exception of two threads
// that return the same buffer in the same few nanoseconds (an atomic swap would cost more than the
// whole operation); what slips through put() then is caught by the next get() of that id.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

#include "device/pool_kinds.hpp"
#include "ring/mpmc_queue.hpp"

namespace ringbed::device {

namespace {

constexpr std::uint32_t kMaxBatch = CoreCache::kMaxIds / 2;
constexpr std::size_t kGroup = 16;  // ids that a burst handles at a time, unrolled

class PerCorePool final : public ResponsePool {
 public:
  PerCorePool(const PoolConfig& config, const PoolMemory& memory, ring::MemoryArea own)
      : ResponsePool(config, memory, std::move(own)),
        shared_(config.size),
        batch_(std::clamp(config.cores == 1 ? config.size / 2 : config.size / (16 * config.cores),
                          1U, kMaxBatch)) {
    for (std::uint32_t id = 0; id < config.size; ++id) {
      shared_.push(id);
    }
    for (CoreCache& cache : caches_) {
      cache.set_limit(2 * batch_);
    }
  }

  std::size_t get_burst(std::uint32_t core, std::span<std::uint32_t> ids) noexcept override {
    CoreCache& cache = caches_[core];
    std::size_t total = 0;
    while (total < ids.size()) {
      if (ids.size() - total >= kGroup && cache.count() >= kGroup) [[likely]] {
        total += copy_out(cache, ids.data() + total);
        continue;
      }
      const std::uint32_t id = get(core);
      if (id == kNoBuffer) {
        cache.exhausted.add(ids.size() - total - 1);  // get() has counted one
        break;
      }
      ids[total++] = id;
    }
    return total;
  }

  std::size_t put_burst(std::uint32_t core, std::span<const std::uint32_t> ids) noexcept override {
    CoreCache& cache = caches_[core];
    std::size_t total = 0;
    while (!ids.empty()) {
      if (ids.size() >= kGroup && cache.count() + kGroup <= cache.limit() &&
          are_ours(ids.first<kGroup>())) [[likely]] {
        total += copy_in(cache, ids.first<kGroup>());
        ids = ids.subspan(kGroup);
      } else {
        total += put(core, ids.front()) == PutResult::ok ? 1 : 0;
        ids = ids.subspan(1);
      }
    }
    return total;
  }

  void flush(std::uint32_t core) noexcept override { spill(caches_[core], 0); }

  PoolStats stats() const noexcept override {
    PoolStats stats;
    for (const CoreCache& cache : caches_) {
      stats.gets += cache.gets();
      stats.puts += cache.puts();
      stats.exhausted += cache.exhausted.value();
      stats.double_puts += cache.doubled.value();
      stats.foreign_puts += cache.foreign.value();
    }
    stats.in_use = in_use();
    stats.in_use_peak = peak();
    return stats;
  }

  std::size_t bytes() const noexcept override {
    return sizeof *this + common_bytes() + shared_.bytes();
  }

 private:
  std::uint32_t take(std::uint32_t core) noexcept override {
    CoreCache& cache = caches_[core];
    while (cache.count() > 0 || refill(cache)) {
      const std::uint32_t id = cache.top();
      if (out_[id].load(std::memory_order_relaxed) == 0) [[likely]] {
        out_[id].store(1, std::memory_order_relaxed);
        cache.pop(1);
        return id;
      }
      discard_top(cache, 1);
    }
    cache.exhausted.add(1);
    return kNoBuffer;
  }

  PutResult give(std::uint32_t core, std::uint32_t id) noexcept override {
    CoreCache& cache = caches_[core];
    if (id >= size()) {
      cache.foreign.add(1);
      return PutResult::foreign;
    }
    if (out_[id].load(std::memory_order_relaxed) == 0) {
      cache.doubled.add(1);
      return PutResult::doubled;
    }
    if (cache.count() >= 2 * batch_) {
      spill(cache, batch_);
    }
    out_[id].store(0, std::memory_order_relaxed);
    *cache.room() = id;
    cache.push(1);
    if (wanted_.load(std::memory_order_relaxed)) {
      spill(cache, 0);
    } else {
      cache.set_limit(2 * batch_);
    }
    return PutResult::ok;
  }

  using Group = std::span<const std::uint32_t, kGroup>;

  // Takes a group off the top of the cache; returns how many were good.
  std::size_t copy_out(CoreCache& cache, std::uint32_t* to) noexcept {
    const Group group(cache.top(kGroup));
    const std::size_t good = copy_if(group, to, mark<1>(group), 0);
    cache.pop(static_cast<std::uint32_t>(good));
    if (good < kGroup) [[unlikely]] {
      discard_top(cache, static_cast<std::uint32_t>(kGroup - good));
    }
    return good;
  }

  // Brings a group home to the cache, which has room for it; returns how many were out.
  std::size_t copy_in(CoreCache& cache, Group group) noexcept {
    const std::size_t good = copy_if(group, cache.room(), mark<0>(group), 1);
    cache.push(static_cast<std::uint32_t>(good));
    if (good < kGroup) [[unlikely]] {
      cache.doubled.add(kGroup - good);
    }
    return good;
  }

  [[nodiscard]] bool are_ours(Group group) const noexcept {
    bool ours = true;
    for (const std::uint32_t id : group) {
      ours &= id < size();
    }
    return ours;
  }

  // Marks a group as out (1) or home (0), one after the other, so that an id that is in it twice is
  // seen. Returns what the marks were: bit i for group[i].
  template <std::uint8_t to>
  [[nodiscard]] std::uint32_t mark(Group group) noexcept {
    std::atomic<std::uint8_t>* const out = out_.data();
    std::uint32_t were = 0;
    for (std::size_t i = kGroup; i-- > 0;) {
      std::atomic<std::uint8_t>& mark = out[group[i]];
      were = 2 * were + mark.load(std::memory_order_relaxed);
      mark.store(to, std::memory_order_relaxed);
    }
    return were;
  }

  // Copies the ids of a group whose mark was `wanted`; returns how many.
  static std::size_t copy_if(Group group, std::uint32_t* to, std::uint32_t marks,
                             std::uint32_t wanted) noexcept {
    constexpr std::uint32_t kAll = (1U << kGroup) - 1;
    if (marks == wanted * kAll) [[likely]] {
      std::memcpy(to, group.data(), sizeof(std::uint32_t) * kGroup);
      return kGroup;
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < kGroup; ++i) {
      if ((marks >> i & 1) == wanted) {
        to[count++] = group[i];
      }
    }
    return count;
  }

  // The top n are out already: they came home twice unseen, these copies are thrown away.
  static void discard_top(CoreCache& cache, std::uint32_t n) noexcept {
    cache.doubled.add(n);
    cache.give_up_top(n);
  }

  // Moves ids from the cache to the shared queue until `keep` are left, the coldest first.
  void spill(CoreCache& cache, std::uint32_t keep) noexcept {
    if (cache.count() <= keep) {
      return;
    }
    const std::uint32_t count = cache.count() - keep;
    std::span<const std::uint32_t> leaving = cache.bottom(count);
    while (!leaving.empty()) {
      leaving = leaving.subspan(shared_.push(leaving));  // short only while a pop is under way
    }
    cache.give_up_bottom(count);
  }

  // Of an empty cache. False: the queue is empty, too.
  bool refill(CoreCache& cache) noexcept {
    note_shared_peak();
    const std::size_t count = shared_.pop(std::span(cache.room(), batch_));
    cache.stock(static_cast<std::uint32_t>(count));
    if (caches_.size() > 1) {
      want(count == 0);
    }
    return count > 0;
  }

  // Wanting more takes every core's limit away, so that its next put() comes to give() and looks at
  // `wanted_`; there each core also restores its own.
  void want(bool wanted) noexcept {
    if (wanted_.load(std::memory_order_relaxed) != wanted) {
      wanted_.store(wanted, std::memory_order_relaxed);
    }
    for (CoreCache& cache : caches_) {
      if (wanted && cache.limit() != 0) {
        cache.set_limit(0);
      }
    }
  }

  void note_shared_peak() noexcept {
    if (caches_.size() == 1) {
      return;  // the core's own peak is exact
    }
    const std::uint32_t now = in_use();
    std::uint32_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }

  [[nodiscard]] std::uint32_t in_use() const noexcept {
    std::int64_t out = 0;
    for (const CoreCache& cache : caches_) {
      out += cache.out();
    }
    // A reader beside running cores may see a put before its get.
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(out, 0, size()));
  }

  // One core: exact. Several: the highest of the samples taken whenever a core ran out of cache,
  // low by at most what the caches held.
  [[nodiscard]] std::uint32_t peak() const noexcept {
    std::uint32_t peak = std::max(peak_.load(std::memory_order_relaxed), in_use());
    for (const CoreCache& cache : caches_) {
      const std::int64_t own = std::clamp<std::int64_t>(cache.peak(), 0, size());
      peak = std::max(peak, static_cast<std::uint32_t>(own));
    }
    return peak;
  }

  ring::MpmcQueue<std::uint32_t> shared_;
  std::uint32_t batch_;
  std::atomic<std::uint32_t> peak_{0};
  alignas(ring::kCacheLine) std::atomic<bool> wanted_{false};
};

}  // namespace

std::unique_ptr<ResponsePool> create_percore_pool(const PoolConfig& config,
                                                  const PoolMemory& memory, ring::MemoryArea own) {
  return std::make_unique<PerCorePool>(config, memory, std::move(own));
}

}  // namespace ringbed::device
