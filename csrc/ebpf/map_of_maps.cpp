// array_of_maps, hash_of_maps: values are maps (kernel/bpf/map_in_map.c). A value is the inner
// map's number in the machine; a look-up gives its handle.
#include <vector>

#include "base/endian.hpp"
#include "ebpf/key_index.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/map_factories.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kEmpty = 0xffff'ffff;

// What the kernel wants equal: all but the size of most kinds.
bool same_shape(const MapSpec& want, const MapSpec& have) {
  return want.type == have.type && want.key_size == have.key_size &&
         want.value_size == have.value_size && want.flags == have.flags &&
         (want.type != MapType::array || want.max_entries == have.max_entries ||
          (want.flags & 1u << 12) != 0);
}

class MapOfMaps : public Map {
 public:
  MapOfMaps(MapSpec spec, const MapContext& context)
      : Map(std::move(spec)), machine_(context.machine) {}

 protected:
  // 0, or why the machine's map `number` may not be a value here.
  [[nodiscard]] int check_inner(std::uint32_t number) const {
    const Map* inner = machine_.map(number);
    if (inner == nullptr) {
      return -EBADF;
    }
    return spec_.inner == nullptr || same_shape(*spec_.inner, inner->spec()) ? 0 : -EINVAL;
  }

 private:
  Machine& machine_;
};

class ArrayOfMaps final : public MapOfMaps {
 public:
  ArrayOfMaps(MapSpec spec, const MapContext& context)
      : MapOfMaps(std::move(spec), context), inner_(spec_.max_entries, kEmpty) {}

  Address find(const std::uint8_t* key, std::uint32_t) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    return index < spec_.max_entries && inner_[index] != kEmpty ? handle(kMapHandle, inner_[index])
                                                                : 0;
  }
  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    if (index >= spec_.max_entries || inner_[index] == kEmpty) {
      return -ENOENT;
    }
    base::store_native(value, inner_[index]);
    return 0;
  }
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    if (flags != update_flag::any) {
      return -EINVAL;
    }
    if (index >= spec_.max_entries) {
      return -E2BIG;
    }
    const std::uint32_t number = base::load_native<std::uint32_t>(value);
    const int fault = check_inner(number);
    if (fault == 0) {
      inner_[index] = number;
    }
    return fault;
  }
  int remove(const std::uint8_t* key) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    if (index >= spec_.max_entries) {
      return -E2BIG;
    }
    const bool held = inner_[index] != kEmpty;
    inner_[index] = kEmpty;
    return held ? 0 : -ENOENT;
  }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    return next_index(key, next, spec_.max_entries);
  }
  int batch(BatchOperation operation, Batch& batch) override {
    const bool has = operation == BatchOperation::lookup || operation == BatchOperation::update;
    return has ? generic_batch(*this, operation, batch) : kNotSupported;
  }
  [[nodiscard]] std::uint64_t memory_bytes() const override { return 320 + spec_.max_entries * 8; }

 private:
  std::vector<std::uint32_t> inner_;
};

class HashOfMaps final : public MapOfMaps {
 public:
  HashOfMaps(MapSpec spec, const MapContext& context)
      : MapOfMaps(std::move(spec), context),
        index_(spec_.max_entries, spec_.key_size),
        inner_(spec_.max_entries) {}

  Address find(const std::uint8_t* key, std::uint32_t) override {
    const std::uint32_t slot = index_.find(key);
    return slot == KeyIndex::kNone ? 0 : handle(kMapHandle, inner_[slot]);
  }
  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    base::store_native(value, inner_[slot]);
    return 0;
  }
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) override {
    const std::uint32_t number = base::load_native<std::uint32_t>(value);
    if (const int fault = check_inner(number); fault != 0) {
      return fault;
    }
    if (flags > update_flag::exist) {
      return -EINVAL;
    }
    std::uint32_t slot = index_.find(key);
    if (slot != KeyIndex::kNone ? flags == update_flag::no_exist : flags == update_flag::exist) {
      return slot != KeyIndex::kNone ? -EEXIST : -ENOENT;
    }
    slot = slot != KeyIndex::kNone ? slot : index_.insert(key);
    if (slot == KeyIndex::kNone) {
      return -E2BIG;
    }
    inner_[slot] = number;
    return 0;
  }
  int remove(const std::uint8_t* key) override {
    const std::uint32_t slot = index_.find(key);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    index_.erase(slot);
    return 0;
  }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    const std::uint32_t known = key == nullptr ? KeyIndex::kNone : index_.find(key);
    const std::uint32_t slot = known == KeyIndex::kNone ? index_.first() : index_.next(known);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    std::memcpy(next, index_.key(slot), spec_.key_size);
    return 0;
  }
  int batch(BatchOperation operation, Batch& batch) override {
    return bucket_batch(*this, index_, operation, batch);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    return 704 + spec_.max_entries * std::uint64_t{64 + spec_.key_size};
  }

 private:
  KeyIndex index_;
  std::vector<std::uint32_t> inner_;
};

}  // namespace

std::unique_ptr<Map> make_array_of_maps(MapSpec spec, const MapContext& context) {
  return std::make_unique<ArrayOfMaps>(std::move(spec), context);
}
std::unique_ptr<Map> make_hash_of_maps(MapSpec spec, const MapContext& context) {
  return std::make_unique<HashOfMaps>(std::move(spec), context);
}

int check_array_of_maps(const MapSpec& spec) {
  return spec.value_size == 4
             ? check_array_sizes(spec, map_flag::numa | map_flag::rdonly | map_flag::wronly)
             : -EINVAL;
}
int check_hash_of_maps(const MapSpec& spec) {
  return spec.value_size == 4 ? check_hash(spec) : -EINVAL;
}

}  // namespace ringbed::ebpf
