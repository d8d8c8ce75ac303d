// Index of table kind `chained`, the published design: jhash modulo the number of buckets, and a
// chain of connections for each bucket. Links are numbers into the fixed array of connections, so
// that nothing is allocated; a new connection becomes the head of its chain, lookups move nothing.
//
//   heads_[bucket] -> connection 17 -> connection 4 -> kNoConnection     (next_[17] = 4)
//
// With n connections at random in m buckets, load = n/m: chain lengths are Poisson(load), a
// successful lookup looks at 1 + (n-1)/2m connections on average, an unsuccessful one at `load`.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "device/connection.hpp"
#include "device/jhash.hpp"

namespace ringbed::device {

class ChainedIndex {
 public:
  using Hash = std::uint32_t;  // the bucket

  explicit ChainedIndex(const ConnectionsConfig& config)
      : buckets_(config.buckets),
        heads_(config.buckets, kNoConnection),
        next_(config.capacity, kNoConnection) {}

  [[nodiscard]] Hash hash(const ConnectionKey& key) const noexcept {
    if (!key.is_v6()) [[likely]] {
      return jhash_3words(key.source(), key.destination(), key.ports(), 0) % buckets_;
    }
    const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
    const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
    const std::array<std::uint32_t, 9> words{key.source(),
                                             key.destination(),
                                             key.ports(),
                                             high(key.source_top),
                                             low(key.source_top),
                                             high(key.destination_top),
                                             low(key.destination_top),
                                             high(key.middles),
                                             low(key.middles)};
    return jhash_words(words, 0) % buckets_;
  }

  // The number of the connection with `key`, or kNoConnection; adds what it looked at to probes.
  [[nodiscard]] std::uint32_t find(Hash bucket, const ConnectionKey& key,
                                   const Connection* connections,
                                   std::uint32_t& probes) const noexcept {
    for (std::uint32_t at = heads_[bucket]; at != kNoConnection; at = next_[at]) {
      ++probes;
      if (connections[at].key == key) {
        return at;
      }
    }
    return kNoConnection;
  }

  // Adds connection `number` (absent so far); returns the length of its chain.
  std::uint32_t insert(Hash bucket, std::uint32_t number) noexcept {
    next_[number] = heads_[bucket];
    heads_[bucket] = number;
    std::uint32_t length = 0;
    for (std::uint32_t at = number; at != kNoConnection; at = next_[at]) {
      ++length;
    }
    return length;
  }

  void erase(Hash bucket, std::uint32_t number) noexcept {
    std::uint32_t* link = &heads_[bucket];
    while (*link != number) {
      link = &next_[*link];
    }
    *link = next_[number];
  }

  void clear() noexcept { std::fill(heads_.begin(), heads_.end(), kNoConnection); }

  void prefetch(Hash bucket) const noexcept { __builtin_prefetch(&heads_[bucket]); }
  // The connection that find() will look at first, or kNoConnection.
  [[nodiscard]] std::uint32_t candidate(Hash bucket) const noexcept { return heads_[bucket]; }

  [[nodiscard]] std::vector<std::uint64_t> lengths() const {
    std::vector<std::uint64_t> histogram(1);
    for (const std::uint32_t head : heads_) {
      std::size_t length = 0;
      for (std::uint32_t at = head; at != kNoConnection; at = next_[at]) {
        ++length;
      }
      histogram.resize(std::max(histogram.size(), length + 1));
      ++histogram[length];
    }
    return histogram;
  }
  [[nodiscard]] std::uint32_t buckets() const noexcept { return buckets_; }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return (heads_.size() + next_.size()) * sizeof(std::uint32_t);
  }

 private:
  std::uint32_t buckets_;
  std::vector<std::uint32_t> heads_;  // by bucket
  std::vector<std::uint32_t> next_;   // by connection
};

}  // namespace ringbed::device
