// devmap, devmap_hash, cpumap, xskmap: where bpf_redirect_map sends frames (kernel/bpf/devmap.c,
// cpumap.c, net/xdp/xskmap.c). Here a value is a number (interface, queue size, socket) and nothing
// stands behind it: the simulator decides what an interface is.
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/key_index.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/map_factories.hpp"
#include "ebpf/map_storage.hpp"

namespace ringbed::ebpf {

namespace {

// What sets the four kinds apart.
struct RedirectKind {
  bool hashed = false;   // any key, up to max_entries of them
  bool sockets = false;  // user space cannot read them, and flags mean what they say
  std::uint32_t value_limit = 0xffff'ffff;
};

class RedirectMap final : public Map {
 public:
  RedirectMap(MapSpec spec, const MapContext& context, RedirectKind kind)
      : Map(std::move(spec)), kind_(kind), index_(spec_.max_entries, 4) {
    ok_ = slots_.reserve(std::uint64_t{spec_.max_entries} + 1, spec_.value_size);
    if (ok_) {
      region_ = context.machine.memory().add(slots_.region(false));  // programs only look
    }
  }
  [[nodiscard]] bool ok() const { return ok_; }

  Address find(const std::uint8_t* key, std::uint32_t) override {
    const std::uint32_t slot = index_.find(key);
    return slot == KeyIndex::kNone ? 0 : slots_.address(region_, slot);
  }
  [[nodiscard]] RedirectSlot redirect_slot(std::uint64_t key) const override {
    std::uint8_t bytes[8];  // four are the key
    base::store_native(bytes, static_cast<std::uint32_t>(key));
    const std::uint32_t slot = index_.find(bytes);
    return slot == KeyIndex::kNone
               ? RedirectSlot{}
               : RedirectSlot{true, base::load_native<std::uint32_t>(slots_.at(slot))};
  }

  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    if (kind_.sockets) {
      return -EOPNOTSUPP;
    }
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    std::memcpy(value, slots_.at(slot), spec_.value_size);
    return 0;
  }
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) override {
    const std::uint32_t number = base::load_native<std::uint32_t>(value);
    if (flags > update_flag::exist) {
      return -EINVAL;
    }
    if (!kind_.hashed && outside(key)) {
      return -E2BIG;
    }
    if (!kind_.hashed && !kind_.sockets && flags == update_flag::no_exist) {
      return -EEXIST;
    }
    if (kind_.hashed && number == 0) {
      return -EINVAL;
    }
    if (number > kind_.value_limit) {
      return -EOVERFLOW;
    }
    std::uint32_t slot = index_.find(key);
    if (kind_.sockets && slot != KeyIndex::kNone &&
        base::load_native<std::uint32_t>(slots_.at(slot)) == number) {
      return 0;
    }
    if (slot != KeyIndex::kNone && flags == update_flag::no_exist) {
      return -EEXIST;
    }
    if (kind_.sockets && slot == KeyIndex::kNone && flags == update_flag::exist) {
      return -ENOENT;
    }
    if (number == 0) {  // no device, no queue: the slot becomes empty
      if (slot != KeyIndex::kNone) {
        index_.erase(slot);
      }
      return 0;
    }
    slot = slot == KeyIndex::kNone ? index_.insert(key) : slot;
    if (slot == KeyIndex::kNone) {
      return -E2BIG;
    }
    std::memcpy(slots_.at(slot), value, spec_.value_size);
    return 0;
  }
  int erase(const std::uint8_t* key) override { return remove(key); }
  int remove(const std::uint8_t* key) override {
    if (!kind_.hashed && outside(key)) {
      return -EINVAL;
    }
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return kind_.hashed ? -ENOENT : 0;
    }
    index_.erase(slot);
    return 0;
  }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    if (kind_.hashed) {
      const std::uint32_t known = key == nullptr ? KeyIndex::kNone : index_.find(key);
      const std::uint32_t slot = known == KeyIndex::kNone ? index_.first() : index_.next(known);
      if (slot == KeyIndex::kNone) {
        return -ENOENT;
      }
      std::memcpy(next, index_.key(slot), 4);
      return 0;
    }
    return next_index(key, next, spec_.max_entries);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    return 320 + spec_.max_entries * 8 + index_.size() * 128;
  }

 private:
  [[nodiscard]] bool outside(const std::uint8_t* key) const {
    return base::load_native<std::uint32_t>(key) >= spec_.max_entries;
  }

  RedirectKind kind_;
  KeyIndex index_;
  Slots slots_;
  std::uint32_t region_ = 0;
  bool ok_ = false;
};

std::unique_ptr<Map> make(MapSpec spec, const MapContext& context, RedirectKind kind) {
  auto map = std::make_unique<RedirectMap>(std::move(spec), context, kind);
  return map->ok() ? std::move(map) : nullptr;
}

int check_sizes(const MapSpec& spec, std::uint32_t flags) {
  const bool good = spec.max_entries != 0 && spec.key_size == 4 &&
                    (spec.value_size == 4 || spec.value_size == 8) && (spec.flags & ~flags) == 0;
  return good ? 0 : -EINVAL;
}

constexpr std::uint32_t kFlags = map_flag::numa | map_flag::rdonly | map_flag::wronly;

}  // namespace

std::unique_ptr<Map> make_devmap(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {});
}
std::unique_ptr<Map> make_devmap_hash(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {.hashed = true});
}
std::unique_ptr<Map> make_cpumap(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {.value_limit = 16'384});
}
std::unique_ptr<Map> make_xskmap(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, {.sockets = true});
}

int check_devmap(const MapSpec& spec) { return check_sizes(spec, kFlags | map_flag::rdonly_prog); }
int check_cpumap(const MapSpec& spec) {
  constexpr std::uint32_t kMostCpus = 8192;  // NR_CPUS of the usual x86-64 kernels
  const int result = check_sizes(spec, map_flag::numa);
  return result == 0 && spec.max_entries > kMostCpus ? -E2BIG : result;
}
int check_xskmap(const MapSpec& spec) {
  return spec.value_size == 4
             ? check_sizes(spec, map_flag::numa | map_flag::rdonly | map_flag::wronly)
             : -EINVAL;
}

}  // namespace ringbed::ebpf
