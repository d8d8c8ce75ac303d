// Keys to slots, for the hash kinds: chained buckets over preallocated arrays, so that look-ups and
// updates never allocate, and the order of a walk depends on the operations alone.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"

namespace ringbed::ebpf {

class KeyIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  KeyIndex(std::uint32_t capacity, std::uint32_t key_bytes)
      : capacity_(capacity),
        key_bytes_(key_bytes),
        buckets_(std::bit_ceil(std::uint64_t{capacity} < 8 ? 8 : std::uint64_t{capacity}), kNone) {}

  // The slot of `key`, or kNone. O(1) on average.
  [[nodiscard]] std::uint32_t find(const std::uint8_t* key) const noexcept {
    std::uint32_t slot = buckets_[bucket(key)];
    while (slot != kNone && std::memcmp(this->key(slot), key, key_bytes_) != 0) {
      slot = links_[slot].chain;
    }
    return slot;
  }

  // Takes a slot for a key that is not there; kNone when all are taken.
  std::uint32_t insert(const std::uint8_t* key) {
    std::uint32_t slot = free_;
    if (slot != kNone) {
      free_ = links_[slot].chain;
    } else if (links_.size() < capacity_) {
      slot = static_cast<std::uint32_t>(links_.size());
      links_.emplace_back();
      keys_.resize(keys_.size() + key_bytes_);
    } else {
      return kNone;
    }
    std::memcpy(keys_.data() + std::size_t{slot} * key_bytes_, key, key_bytes_);
    std::uint32_t& head = buckets_[bucket(key)];
    links_[slot].chain = head;
    head = slot;
    append(slot);
    ++size_;
    return slot;
  }

  void erase(std::uint32_t slot) noexcept {
    std::uint32_t* at = &buckets_[bucket(key(slot))];
    while (*at != slot) {
      at = &links_[*at].chain;
    }
    *at = links_[slot].chain;
    unlink(slot);
    links_[slot].chain = free_;
    free_ = slot;
    --size_;
  }

  // Makes the slot the youngest: the order of first() and next() is from old to young.
  void touch(std::uint32_t slot) noexcept {
    if (slot != youngest_) {
      unlink(slot);
      append(slot);
    }
  }

  [[nodiscard]] std::uint32_t first() const noexcept { return oldest_; }
  [[nodiscard]] std::uint32_t next(std::uint32_t slot) const noexcept {
    return links_[slot].younger;
  }
  [[nodiscard]] const std::uint8_t* key(std::uint32_t slot) const noexcept {
    return keys_.data() + std::size_t{slot} * key_bytes_;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  // The buckets, for walks that go on after entries were removed.
  [[nodiscard]] std::uint32_t buckets() const noexcept {
    return static_cast<std::uint32_t>(buckets_.size());
  }
  [[nodiscard]] std::uint32_t head(std::uint32_t bucket) const noexcept { return buckets_[bucket]; }
  [[nodiscard]] std::uint32_t below(std::uint32_t slot) const noexcept {
    return links_[slot].chain;
  }
  [[nodiscard]] std::uint32_t chain_length(std::uint32_t bucket) const noexcept {
    std::uint32_t length = 0;
    for (std::uint32_t slot = head(bucket); slot != kNone; slot = below(slot)) ++length;
    return length;
  }

 private:
  struct Link {
    std::uint32_t chain = kNone;
    std::uint32_t older = kNone;
    std::uint32_t younger = kNone;
  };

  [[nodiscard]] std::size_t bucket(const std::uint8_t* key) const noexcept {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL ^ key_bytes_;
    std::uint32_t at = 0;
    for (; at + 8 <= key_bytes_; at += 8) {
      hash = (hash ^ base::load_native<std::uint64_t>(key + at)) * 0xbf58476d1ce4e5b9ULL;
      hash ^= hash >> 32;
    }
    for (; at < key_bytes_; ++at) {
      hash = (hash ^ key[at]) * 0x100000001b3ULL;
    }
    hash = (hash ^ (hash >> 29)) * 0x94d049bb133111ebULL;
    return (hash ^ (hash >> 32)) & (buckets_.size() - 1);
  }
  void append(std::uint32_t slot) noexcept {
    links_[slot].older = youngest_;
    links_[slot].younger = kNone;
    (youngest_ == kNone ? oldest_ : links_[youngest_].younger) = slot;
    youngest_ = slot;
  }
  void unlink(std::uint32_t slot) noexcept {
    const Link link = links_[slot];
    (link.older == kNone ? oldest_ : links_[link.older].younger) = link.younger;
    (link.younger == kNone ? youngest_ : links_[link.younger].older) = link.older;
  }

  std::uint32_t capacity_;
  std::uint32_t key_bytes_;
  std::uint32_t size_ = 0;
  std::uint32_t free_ = kNone;
  std::uint32_t oldest_ = kNone;
  std::uint32_t youngest_ = kNone;
  std::vector<std::uint32_t> buckets_;
  std::vector<Link> links_;
  std::vector<std::uint8_t> keys_;
};

}  // namespace ringbed::ebpf
