// hash, percpu_hash, lru_hash, lru_percpu_hash (kernel/bpf/hashtab.c). The LRU kinds evict the
// entry that was used longest ago, exactly; the kernel approximates that per CPU and evicts in
// batches.
#include <cstring>

#include "ebpf/key_index.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/map_factories.hpp"
#include "ebpf/map_storage.hpp"

namespace ringbed::ebpf {

namespace {

struct HashKind {
  bool per_cpu = false;
  bool lru = false;
};

class HashMap final : public Map {
 public:
  HashMap(MapSpec spec, const MapContext& context, HashKind kind)
      : Map(std::move(spec)),
        kind_(kind),
        cpus_(kind.per_cpu ? context.cpus : 1),
        index_(spec_.max_entries, spec_.key_size) {
    // One slot more: an access check needs a region of several elements.
    ok_ = slots_.reserve((std::uint64_t{spec_.max_entries} + 1) * cpus_, spec_.value_size);
    if (ok_) {
      const bool writable = (spec_.flags & map_flag::rdonly_prog) == 0;
      region_ = context.machine.memory().add(slots_.region(writable));
    }
  }
  [[nodiscard]] bool ok() const { return ok_; }

  Address find(const std::uint8_t* key, std::uint32_t cpu) override {
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return 0;
    }
    if (kind_.lru) {
      index_.touch(slot);
    }
    return slots_.address(region_, at(slot, cpu));
  }
  // A new per-CPU entry is zero on the other CPUs.
  int update(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags,
             std::uint32_t cpu) override {
    const auto [slot, fresh, fault] = place(key, flags);
    if (fault != 0) {
      return fault;
    }
    for (std::uint32_t each = 0; fresh && each < cpus_; ++each) {
      std::memset(slots_.at(at(slot, each)), 0, spec_.value_size);
    }
    copy_value(spec_, slots_.at(at(slot, cpu)), value, spec_.value_size);
    return 0;
  }
  int erase(const std::uint8_t* key) override {
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    index_.erase(slot);
    return 0;
  }
  [[nodiscard]] bool walkable() const override { return true; }
  [[nodiscard]] std::uint32_t value_region() const override { return region_; }

  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      std::memcpy(value + cpu * user_stride(), slots_.at(at(slot, cpu)), user_stride());
    }
    return 0;
  }
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) override {
    const auto [slot, fresh, fault] = place(key, flags);
    for (std::uint32_t cpu = 0; fault == 0 && cpu < cpus_; ++cpu) {
      copy_value(spec_, slots_.at(at(slot, cpu)), value + cpu * user_stride(), user_stride());
    }
    return fault;
  }
  int remove(const std::uint8_t* key) override { return erase(key); }
  int take(const std::uint8_t* key, std::uint8_t* value) override {
    const int fault = read(key, value, 0);
    return fault != 0 ? fault : erase(key);
  }
  // An unknown key starts over, as in the kernel.
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    const std::uint32_t known = key == nullptr ? KeyIndex::kNone : index_.find(key);
    const std::uint32_t slot = known == KeyIndex::kNone ? index_.first() : index_.next(known);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    std::memcpy(next, index_.key(slot), spec_.key_size);
    return 0;
  }
  [[nodiscard]] std::uint32_t user_value_bytes() const override { return user_stride() * cpus_; }
  int batch(BatchOperation operation, Batch& batch) override {
    return bucket_batch(*this, index_, operation, batch);
  }
  // Buckets of 16 bytes, elements of 48 and key and value; all of them, or those in use.
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    const std::uint64_t key = round_up(spec_.key_size, 8);
    const std::uint64_t value = round_up(spec_.value_size, 8);
    const std::uint64_t element = 48 + key + (kind_.per_cpu ? 8 + value * cpus_ : value);
    const bool preallocated = (spec_.flags & map_flag::no_prealloc) == 0;
    const std::uint64_t extra = preallocated && !kind_.per_cpu && !kind_.lru ? cpus_ : 0;
    return 704 + std::bit_ceil(std::uint64_t{spec_.max_entries}) * 16 +
           element * (preallocated ? spec_.max_entries + extra : index_.size());
  }

 private:
  // A CPU's value as user space sees it: with its padding, per CPU.
  [[nodiscard]] std::uint32_t user_stride() const {
    return kind_.per_cpu ? static_cast<std::uint32_t>(round_up(spec_.value_size, 8))
                         : spec_.value_size;
  }
  struct Place {
    std::uint32_t slot;
    bool fresh;
    int fault;
  };
  Place place(const std::uint8_t* key, std::uint64_t flags) {
    if ((flags & update_flag::lock) != 0 && spec_.lock_at) {
      flags &= ~update_flag::lock;  // nobody else runs: it is always held
    }
    if (flags > update_flag::exist) {
      return {0, false, -EINVAL};
    }
    std::uint32_t slot = index_.find(key);
    if (slot != KeyIndex::kNone) {
      if (flags == update_flag::no_exist) {
        return {0, false, -EEXIST};
      }
      if (kind_.lru) {
        index_.touch(slot);
      }
      return {slot, false, 0};
    }
    if (flags == update_flag::exist) {
      return {0, false, -ENOENT};
    }
    slot = index_.insert(key);
    if (slot == KeyIndex::kNone && kind_.lru) {
      index_.erase(index_.first());
      slot = index_.insert(key);
    }
    return slot == KeyIndex::kNone ? Place{0, false, -E2BIG} : Place{slot, true, 0};
  }
  [[nodiscard]] std::uint64_t at(std::uint32_t slot, std::uint32_t cpu) const noexcept {
    return std::uint64_t{slot} * cpus_ + (kind_.per_cpu ? cpu : 0);
  }

  HashKind kind_;
  std::uint32_t cpus_;
  KeyIndex index_;
  Slots slots_;
  std::uint32_t region_ = 0;
  bool ok_ = false;
};

std::unique_ptr<Map> make(MapSpec spec, const MapContext& context, HashKind kind) {
  auto map = std::make_unique<HashMap>(std::move(spec), context, kind);
  return map->ok() ? std::move(map) : nullptr;
}

int check_sizes(const MapSpec& spec, std::uint32_t flags) {
  if (spec.max_entries == 0 || spec.key_size == 0 || spec.value_size == 0 ||
      (spec.flags & ~flags) != 0) {
    return -EINVAL;
  }
  return std::uint64_t{spec.key_size} + spec.value_size > 4'194'304 - 512 ? -E2BIG : 0;
}

constexpr std::uint32_t kCommonFlags = map_flag::numa | map_flag::rdonly | map_flag::wronly |
                                       map_flag::rdonly_prog | map_flag::wronly_prog |
                                       map_flag::zero_seed;

}  // namespace

std::unique_ptr<Map> make_hash(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {});
}
std::unique_ptr<Map> make_percpu_hash(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {.per_cpu = true});
}
std::unique_ptr<Map> make_lru_hash(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {.lru = true});
}
std::unique_ptr<Map> make_lru_percpu_hash(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {.per_cpu = true, .lru = true});
}

int check_hash(const MapSpec& spec) {
  return check_sizes(spec, kCommonFlags | map_flag::no_prealloc);
}
int check_lru_hash(const MapSpec& spec) {
  const int fault =
      check_sizes(spec, kCommonFlags | map_flag::no_common_lru | map_flag::no_prealloc);
  const bool grows = (spec.flags & map_flag::no_prealloc) != 0;  // no LRU kind does
  return grows ? kNotSupported : fault;
}

}  // namespace ringbed::ebpf
