// Index of table kind `f14` (Bronson, Shi, "Open-sourcing F14", 2019): open addressing over chunks
// of one cache line, each with 12 one-byte tags, compared with one SIMD instruction, and the 12
// numbers of the connections they stand for.
//
//   0                   12      13      14          16                              64
//   | tag x 12          | count | spare | overflow  | connection number x 12        |
//
// Why this and not another: a lookup costs one line of index and, as a tag has 8 bits of hash, one
// line of connection (cuckoo: up to two lines of index). And no tombstones: `overflow` counts
// the connections that wanted this chunk but had to go on; erasing counts down again, so that the
// insert-and-erase of a SYN flood leaves nothing behind (Swiss tables must rehash). The hash is
// keyed, so that nobody who lacks the seed can aim at one chunk.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "device/connection.hpp"
#include "device/huge_allocator.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ringbed::device {

class F14Index {
 public:
  using Hash = std::uint64_t;

  explicit F14Index(const ConnectionsConfig& config)
      : chunks_(chunks_for(config.capacity)), mask_(chunks_.size() - 1) {
    std::uint64_t state = config.seed;
    for (auto& secret : secrets_) {
      secret = base::splitmix64(state);
    }
    secrets_[5] |= 1;  // a multiplier modulo 2^64
  }

  // A 64 x 64 -> 128-bit multiplication folded to 64 bits (the mum of wyhash; Wang Yi 2019), and
  // one more round: without it, keys that count up made chains of five chunks at half load.
  [[nodiscard]] Hash hash(const ConnectionKey& key) const noexcept {
    std::uint64_t hash = fold(key.addresses ^ secrets_[0], key.flow ^ secrets_[1]);
    if (key.is_v6()) [[unlikely]] {
      hash ^= fold(key.source_top ^ secrets_[2], key.destination_top ^ hash);
      hash ^= fold(key.middles ^ secrets_[3], hash ^ secrets_[4]);
    }
    return (hash ^ hash >> 32) * secrets_[5];
  }

  [[nodiscard]] std::uint32_t find(Hash hash, const ConnectionKey& key,
                                   const Connection* connections,
                                   std::uint32_t& probes) const noexcept {
    std::size_t at = first(hash);
    for (std::uint32_t chunk_count = 0;; at = next(at, hash)) {
      const Chunk& chunk = chunks_[at];
      for (std::uint32_t hits = chunk.match(tag(hash)); hits != 0; hits &= hits - 1) {
        const std::uint32_t number =
            chunk.numbers[static_cast<std::size_t>(std::countr_zero(hits))];
        ++probes;
        if (connections[number].key == key) [[likely]] {
          return number;
        }
      }
      if (chunk.overflow == 0 || ++chunk_count == chunks_.size()) [[likely]] {
        return kNoConnection;
      }
      ++probes;
    }
  }

  // Returns how many chunks the connection is away from its first, plus 1.
  std::uint32_t insert(Hash hash, std::uint32_t number) noexcept {
    std::size_t at = first(hash);
    std::uint32_t length = 1;
    while (chunks_[at].count == kWidth) {
      if (chunks_[at].overflow != kStuck) {
        ++chunks_[at].overflow;
      }
      at = next(at, hash);
      ++length;
    }
    Chunk& chunk = chunks_[at];
    const auto slot = static_cast<std::size_t>(std::countr_zero(chunk.match(0)));
    chunk.tags[slot] = tag(hash);
    chunk.numbers[slot] = number;
    ++chunk.count;
    return length;
  }

  void erase(Hash hash, std::uint32_t number) noexcept {
    for (std::size_t at = first(hash);; at = next(at, hash)) {
      Chunk& chunk = chunks_[at];
      for (std::uint32_t hits = chunk.match(tag(hash)); hits != 0; hits &= hits - 1) {
        const auto slot = static_cast<std::size_t>(std::countr_zero(hits));
        if (chunk.numbers[slot] == number) {
          chunk.tags[slot] = 0;
          --chunk.count;
          return;
        }
      }
      if (chunk.overflow != kStuck) {
        --chunk.overflow;
      }
    }
  }

  void clear() noexcept { std::fill(chunks_.begin(), chunks_.end(), Chunk{}); }

  void prefetch(Hash hash) const noexcept { __builtin_prefetch(&chunks_[first(hash)]); }
  [[nodiscard]] std::uint32_t candidate(Hash hash) const noexcept {
    const Chunk& chunk = chunks_[first(hash)];
    const std::uint32_t hits = chunk.match(tag(hash));
    if (hits != 0) {
      return chunk.numbers[static_cast<std::size_t>(std::countr_zero(hits))];
    }
    return chunk.overflow == 0 ? kNoConnection : kLookOn;
  }

  [[nodiscard]] std::vector<std::uint64_t> lengths() const {
    std::vector<std::uint64_t> histogram(kWidth + 1);
    for (const Chunk& chunk : chunks_) {
      ++histogram[chunk.count];
    }
    return histogram;
  }
  [[nodiscard]] std::uint32_t buckets() const noexcept {
    return static_cast<std::uint32_t>(chunks_.size());
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return chunks_.size() * sizeof(Chunk); }

 private:
  static constexpr std::size_t kWidth = 12;
  // An overflow count that has reached its maximum no longer knows how many there are: it stays.
  static constexpr std::uint16_t kStuck = std::numeric_limits<std::uint16_t>::max();

  struct alignas(64) Chunk {
    std::array<std::uint8_t, kWidth> tags{};  // 0: free
    std::uint8_t count = 0;
    std::uint8_t spare = 0;
    std::uint16_t overflow = 0;
    std::array<std::uint32_t, kWidth> numbers{};

    // Bit i set: tags[i] == wanted.
    [[nodiscard]] std::uint32_t match(std::uint8_t wanted) const noexcept {
#if defined(__SSE2__)
      const __m128i line = _mm_load_si128(reinterpret_cast<const __m128i*>(this));
      const __m128i equal = _mm_cmpeq_epi8(line, _mm_set1_epi8(static_cast<char>(wanted)));
      return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & ((1U << kWidth) - 1);
#else
      std::uint32_t bits = 0;
      for (std::size_t i = 0; i < kWidth; ++i) {
        bits |= static_cast<std::uint32_t>(tags[i] == wanted) << i;
      }
      return bits;
#endif
    }
  };
  static_assert(sizeof(Chunk) == 64);

  // At most five sixths full (10 of 12), so that few connections leave their first chunk.
  [[nodiscard]] static std::size_t chunks_for(std::uint32_t capacity) noexcept {
    return std::bit_ceil(static_cast<std::size_t>(capacity) / 10 + 1);
  }

  [[nodiscard]] static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  // The upper half chooses the chunk, its top eight bits the tag, but for 0, which says free.
  [[nodiscard]] std::size_t first(Hash hash) const noexcept {
    return static_cast<std::size_t>(hash >> 32) & mask_;
  }
  // An odd step that depends on the key: visits every chunk, and overfull neighbours do not form
  // runs as they do with a step of one.
  [[nodiscard]] std::size_t next(std::size_t at, Hash hash) const noexcept {
    return (at + 2 * std::size_t{tag(hash)} + 1) & mask_;
  }
  [[nodiscard]] static std::uint8_t tag(Hash hash) noexcept {
    const auto top = static_cast<std::uint8_t>(hash >> 56);
    return top == 0 ? 1 : top;
  }

  std::array<std::uint64_t, 6> secrets_{};
  std::vector<Chunk, HugeAllocator<Chunk>> chunks_;
  std::size_t mask_;  // of a chunk's place
};

}  // namespace ringbed::device
