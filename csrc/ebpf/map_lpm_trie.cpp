// lpm_trie: the longest prefix that matches (kernel/bpf/lpm_trie.c). Kept as one hash index over
// (prefix length, masked bits) that is probed from the longest length in use down; the kernel's
// radix tree gives the same answers.
#include <cstring>
#include <vector>

#include "base/endian.hpp"
#include "ebpf/key_index.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/map_factories.hpp"
#include "ebpf/map_storage.hpp"

namespace ringbed::ebpf {

namespace {

class LpmTrie final : public Map {
 public:
  LpmTrie(MapSpec spec, const MapContext& context)
      : Map(std::move(spec)),
        index_(spec_.max_entries, spec_.key_size),
        bits_((spec_.key_size - 4) * 8),
        in_use_(bits_ + 1),
        given_(std::size_t{spec_.max_entries} * spec_.key_size),
        masked_(spec_.key_size) {
    ok_ = slots_.reserve(std::uint64_t{spec_.max_entries} + 1, spec_.value_size);
    if (ok_) {
      region_ = context.machine.memory().add(slots_.region(true));
    }
  }
  [[nodiscard]] bool ok() const { return ok_; }

  Address find(const std::uint8_t* key, std::uint32_t) override {
    const std::uint32_t slot = match(key);
    return slot == KeyIndex::kNone ? 0 : slots_.address(region_, slot);
  }
  int update(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags,
             std::uint32_t) override {
    return write(key, value, flags);
  }
  int erase(const std::uint8_t* key) override { return remove(key); }

  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    const std::uint32_t slot = match(key);
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    std::memcpy(value, slots_.at(slot), spec_.value_size);
    return 0;
  }
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) override {
    const std::uint32_t length = prefix(key);
    if (flags > update_flag::exist || length > bits_) {
      return -EINVAL;
    }
    std::uint32_t slot = index_.find(mask(key, length));
    if (slot != KeyIndex::kNone && flags == update_flag::no_exist) {
      return -EEXIST;
    }
    if (slot == KeyIndex::kNone) {
      if (flags == update_flag::exist) {
        return -ENOENT;
      }
      slot = index_.insert(masked_.data());
      if (slot == KeyIndex::kNone) {
        return -ENOSPC;
      }
      ++in_use_[length];
    }
    std::memcpy(given_.data() + std::size_t{slot} * spec_.key_size, key, spec_.key_size);
    std::memcpy(slots_.at(slot), value, spec_.value_size);
    return 0;
  }
  int remove(const std::uint8_t* key) override {
    const std::uint32_t length = prefix(key);
    if (length > bits_) {
      return -EINVAL;
    }
    const std::uint32_t slot = index_.find(mask(key, length));
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    index_.erase(slot);
    --in_use_[length];
    return 0;
  }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    std::uint32_t slot = index_.first();
    if (key != nullptr && prefix(key) <= bits_) {
      const std::uint32_t known = index_.find(mask(key, prefix(key)));
      slot = known == KeyIndex::kNone ? slot : index_.next(known);
    }
    if (slot == KeyIndex::kNone) {
      return -ENOENT;
    }
    std::memcpy(next, given_.data() + std::size_t{slot} * spec_.key_size, spec_.key_size);
    return 0;
  }
  int batch(BatchOperation operation, Batch& batch) override {
    return operation == BatchOperation::take ? kNotSupported
                                             : generic_batch(*this, operation, batch);
  }
  // A node of 40 bytes and key and value for each entry.
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    return 320 + index_.size() * round_up(40 + spec_.key_size - 4 + spec_.value_size, 8);
  }

 private:
  static std::uint32_t prefix(const std::uint8_t* key) {
    return base::load_native<std::uint32_t>(key);
  }
  // The key with nothing behind its first `length` bits, in masked_.
  const std::uint8_t* mask(const std::uint8_t* key, std::uint32_t length) {
    base::store_native(masked_.data(), length);
    const std::uint32_t whole = length / 8;
    std::memcpy(masked_.data() + 4, key + 4, whole);
    std::memset(masked_.data() + 4 + whole, 0, spec_.key_size - 4 - whole);
    if (length % 8 != 0) {
      masked_[4 + whole] = static_cast<std::uint8_t>(key[4 + whole] & (0xff00u >> (length % 8)));
    }
    return masked_.data();
  }
  std::uint32_t match(const std::uint8_t* key) {
    if (prefix(key) > bits_) {
      return KeyIndex::kNone;
    }
    for (std::uint32_t length = prefix(key) + 1; length-- > 0;) {
      if (in_use_[length] != 0) {
        if (const auto slot = index_.find(mask(key, length)); slot != KeyIndex::kNone) {
          return slot;
        }
      }
    }
    return KeyIndex::kNone;
  }

  KeyIndex index_;
  std::uint32_t bits_;
  std::vector<std::uint32_t> in_use_;  // entries by prefix length
  std::vector<std::uint8_t> given_;    // keys as they were written
  std::vector<std::uint8_t> masked_;
  Slots slots_;
  std::uint32_t region_ = 0;
  bool ok_ = false;
};

}  // namespace

std::unique_ptr<Map> make_lpm_trie(MapSpec spec, const MapContext& context) {
  auto map = std::make_unique<LpmTrie>(std::move(spec), context);
  return map->ok() ? std::move(map) : nullptr;
}

int check_lpm_trie(const MapSpec& spec) {
  constexpr std::uint32_t kFlags = map_flag::no_prealloc | map_flag::numa | map_flag::rdonly |
                                   map_flag::wronly | map_flag::rdonly_prog | map_flag::wronly_prog;
  const bool good = spec.max_entries != 0 && (spec.flags & map_flag::no_prealloc) != 0 &&
                    (spec.flags & ~kFlags) == 0 && spec.key_size >= 5 && spec.key_size <= 260 &&
                    spec.value_size >= 1;
  return good ? 0 : -EINVAL;
}

}  // namespace ringbed::ebpf
