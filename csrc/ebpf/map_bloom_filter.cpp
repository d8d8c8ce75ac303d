// bloom_filter: may be there, or surely not (kernel/bpf/bloom_filter.c). Sized like the kernel's;
// the hash is our own (the kernel's has a random seed), so false positives fall on other values.
#include <bit>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"
#include "ebpf/map_factories.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kDefaultHashes = 5;

class BloomFilter final : public Map {
 public:
  explicit BloomFilter(MapSpec spec) : Map(std::move(spec)) {
    hashes_ =
        (spec_.extra & 0xf) != 0 ? static_cast<std::uint32_t>(spec_.extra & 0xf) : kDefaultHashes;
    const std::uint64_t bits = std::uint64_t{spec_.max_entries} * hashes_ * 7 / 5;
    bits_.resize(std::bit_ceil(bits < 64 ? 64 : bits));
  }

  int push(const std::uint8_t* value, std::uint64_t flags) override {
    if (flags != update_flag::any) {
      return -EINVAL;
    }
    for (std::uint32_t turn = 0; turn < hashes_; ++turn) {
      bits_[hash(value, turn)] = true;
    }
    return 0;
  }
  int peek(std::uint8_t* value) override {
    for (std::uint32_t turn = 0; turn < hashes_; ++turn) {
      if (!bits_[hash(value, turn)]) {
        return -ENOENT;
      }
    }
    return 0;
  }
  int read(const std::uint8_t*, std::uint8_t* value, std::uint64_t) override { return peek(value); }
  int write(const std::uint8_t*, const std::uint8_t* value, std::uint64_t flags) override {
    return push(value, flags);
  }
  int take(const std::uint8_t*, std::uint8_t*) override { return kNotSupported; }
  [[nodiscard]] std::uint64_t memory_bytes() const override { return 320 + bits_.size() / 8; }

 private:
  [[nodiscard]] std::size_t hash(const std::uint8_t* value, std::uint32_t turn) const {
    // Turns far apart: neighbours would be a value's low bits under another turn.
    std::uint64_t state = (turn + 1) * 0x9e3779b97f4a7c15ULL;
    for (std::uint32_t at = 0; at < spec_.value_size; ++at) {
      state = (state ^ value[at]) * 0x100000001b3ULL;
    }
    return base::splitmix64(state) & (bits_.size() - 1);
  }

  std::uint32_t hashes_ = 0;
  std::vector<bool> bits_;
};

}  // namespace

std::unique_ptr<Map> make_bloom_filter(MapSpec spec, const MapContext&) {
  return std::make_unique<BloomFilter>(std::move(spec));
}

int check_bloom_filter(const MapSpec& spec) {
  constexpr std::uint32_t kFlags = map_flag::numa | map_flag::zero_seed | map_flag::rdonly |
                                   map_flag::wronly | map_flag::rdonly_prog | map_flag::wronly_prog;
  const bool good = spec.max_entries != 0 && spec.key_size == 0 && spec.value_size != 0 &&
                    (spec.flags & ~kFlags) == 0 && (spec.extra & ~std::uint64_t{0xf}) == 0;
  return good ? 0 : -EINVAL;
}

}  // namespace ringbed::ebpf
