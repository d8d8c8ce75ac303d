// Log-linear histogram in the layout of HdrHistogram (Tene): values below 2^11 are exact, above
// that every power of two is cut into 1,024 equal parts, so that any recorded value is known to
// better than 0.1 % (three significant digits). Recording is one shift and one increment.
// The encoding is HdrHistogram's V2, so that other tools read and merge it.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace ringbed::base {

class Histogram {
 public:
  static constexpr int kSubBucketBits = 11;  // 2,048 sub-buckets: three significant digits
  static constexpr std::uint64_t kSubBucketCount = 1ULL << kSubBucketBits;
  static constexpr std::uint64_t kSubBucketHalf = kSubBucketCount / 2;
  static constexpr std::uint64_t kMaxValue = (1ULL << 53) - 1;

  // Takes no memory until the first value; then room for values up to 2^20 (1 ms in ns), and
  // more, in steps, for larger ones.
  Histogram() = default;

  // Books `value` once; above kMaxValue it counts as kMaxValue. Equal values in a row (a constant
  // cost, an idle queue's wait) cost one comparison: they wait in run_ until another one comes.
  void record(std::uint64_t value) noexcept {
    if (value == last_) {
      ++run_;
      return;
    }
    settle();
    last_ = value;
    run_ = 1;
  }
  // Books `value` `count` times.
  void record(std::uint64_t value, std::uint64_t count) noexcept {
    settle();
    last_ = value;
    run_ = count;
  }

  void merge(const Histogram& other);
  void reset();

  [[nodiscard]] std::uint64_t count() const noexcept { return count_ + run_; }
  [[nodiscard]] std::uint64_t min() const noexcept;
  [[nodiscard]] std::uint64_t max() const noexcept;
  [[nodiscard]] double mean() const noexcept;
  [[nodiscard]] double stddev() const noexcept;

  // The highest value that is equivalent to the one at rank ceil(percent/100 * count), as
  // HdrHistogram's getValueAtPercentile, but never above max().
  [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;

  // HdrHistogram V2 encoding, not compressed: cookie 0x1c849303, ZigZag LEB128 counts.
  [[nodiscard]] std::vector<std::uint8_t> encode() const;

  [[nodiscard]] std::size_t bytes() const noexcept { return counts_.size() * sizeof counts_[0]; }

 private:
  __extension__ using Wide = unsigned __int128;

  [[nodiscard]] static constexpr std::size_t slot_of(std::uint64_t value) noexcept {
    const int bucket = 64 - std::countl_zero(value | (kSubBucketCount - 1)) - kSubBucketBits;
    return (static_cast<std::size_t>(bucket) << (kSubBucketBits - 1)) +
           static_cast<std::size_t>(value >> bucket);
  }
  [[nodiscard]] static std::uint64_t lowest_in(std::size_t slot) noexcept;
  [[nodiscard]] static std::uint64_t highest_in(std::size_t slot) noexcept;
  void grow(std::size_t slot) const noexcept;

  // Moves the run to its slot. Readers do so too: what they see does not depend on it.
  void settle() const noexcept {
    if (run_ == 0) {
      return;
    }
    const std::uint64_t value = last_ < kMaxValue ? last_ : kMaxValue;
    const std::size_t slot = slot_of(value);
    if (slot >= slots_) [[unlikely]] {
      grow(slot);
    }
    counts_[slot] += run_;
    count_ += run_;
    sum_ += static_cast<Wide>(value) * run_;
    min_ = value < min_ ? value : min_;
    max_ = value > max_ ? value : max_;
    run_ = 0;
  }

  std::uint64_t last_ = UINT64_MAX;
  mutable std::uint64_t run_ = 0;
  mutable std::size_t slots_ = 0;  // counts_.size(), without a subtraction
  mutable std::vector<std::uint64_t> counts_;
  mutable std::uint64_t count_ = 0;
  mutable std::uint64_t min_ = UINT64_MAX;
  mutable std::uint64_t max_ = 0;
  mutable Wide sum_ = 0;
};

}  // namespace ringbed::base
