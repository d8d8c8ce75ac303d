#include "base/histogram.hpp"

#include <algorithm>
#include <cmath>

#include "base/endian.hpp"

namespace ringbed::base {

namespace {

void put_zigzag_leb128(std::vector<std::uint8_t>& out, std::int64_t value) {
  auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  // HdrHistogram caps the encoding at nine bytes; the ninth carries eight bits.
  for (int i = 0; i < 8; ++i) {
    if (bits < 0x80) {
      out.push_back(static_cast<std::uint8_t>(bits));
      return;
    }
    out.push_back(static_cast<std::uint8_t>(bits | 0x80));
    bits >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(bits));
}

template <std::unsigned_integral T>
void put_be(std::vector<std::uint8_t>& out, T value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  store_be(out.data() + at, value);
}

}  // namespace

std::uint64_t Histogram::lowest_in(std::size_t slot) noexcept {
  if (slot < kSubBucketCount) {
    return slot;
  }
  const std::size_t bucket = (slot >> (kSubBucketBits - 1)) - 1;
  const std::uint64_t sub = (slot & (kSubBucketHalf - 1)) + kSubBucketHalf;
  return sub << bucket;
}

std::uint64_t Histogram::highest_in(std::size_t slot) noexcept { return lowest_in(slot + 1) - 1; }

std::uint64_t Histogram::min() const noexcept {
  settle();
  return count_ == 0 ? 0 : min_;
}

std::uint64_t Histogram::max() const noexcept {
  settle();
  return max_;
}

void Histogram::grow(std::size_t slot) const noexcept {
  // Whole powers of two, so that a run grows a handful of times at most.
  const std::size_t whole = ((slot >> (kSubBucketBits - 1)) + 1) << (kSubBucketBits - 1);
  counts_.resize(std::max(whole, slot_of((1ULL << 20) - 1) + 1));
  slots_ = counts_.size();
}

void Histogram::merge(const Histogram& other) {
  settle();
  other.settle();
  if (other.counts_.size() > counts_.size()) {
    counts_.resize(other.counts_.size());
    slots_ = counts_.size();
  }
  std::transform(other.counts_.begin(), other.counts_.end(), counts_.begin(), counts_.begin(),
                 std::plus<>{});
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::reset() {
  std::fill(counts_.begin(), counts_.end(), 0);
  run_ = 0;
  count_ = 0;
  sum_ = 0;
  min_ = UINT64_MAX;
  max_ = 0;
}

double Histogram::mean() const noexcept {
  settle();
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double Histogram::stddev() const noexcept {
  settle();
  if (count_ < 2) {
    return 0.0;
  }
  // Around the mean of the slots' middles, not around the exact one: equal samples do not deviate.
  const auto sum_over = [this](auto of_middle) {
    double sum = 0.0;
    for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
      if (counts_[slot] != 0) {
        const double middle =
            0.5 * (static_cast<double>(lowest_in(slot)) + static_cast<double>(highest_in(slot)));
        sum += static_cast<double>(counts_[slot]) * of_middle(middle);
      }
    }
    return sum;
  };
  const double average =
      sum_over([](double middle) { return middle; }) / static_cast<double>(count_);
  const double sum =
      sum_over([average](double middle) { return (middle - average) * (middle - average); });
  // std::sqrt is exact by IEEE 754, so the digest does not depend on the machine.
  return std::sqrt(sum / static_cast<double>(count_));
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  settle();
  if (count_ == 0) {
    return 0;
  }
  // A hair less, so that 99.9 % of 1,000 is rank 999 although 0.999 has no exact double.
  const double wanted = std::ceil(percent / 100.0 * static_cast<double>(count_) * (1.0 - 1e-14));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
    seen += counts_[slot];
    if (seen >= rank) {
      return std::clamp(highest_in(slot), min_, max_);
    }
  }
  return max_;
}

std::vector<std::uint8_t> Histogram::encode() const {
  settle();
  constexpr std::uint32_t kCookieV2 = 0x1c849303 | 0x10;
  std::vector<std::uint8_t> payload;
  std::size_t end = count_ == 0 ? 0 : slot_of(max_) + 1;
  for (std::size_t slot = 0; slot < end;) {
    if (counts_[slot] != 0) {
      put_zigzag_leb128(payload, static_cast<std::int64_t>(counts_[slot]));
      ++slot;
      continue;
    }
    std::size_t next = slot;
    while (next < end && counts_[next] == 0) {
      ++next;
    }
    put_zigzag_leb128(payload, -static_cast<std::int64_t>(next - slot));
    slot = next;
  }
  std::vector<std::uint8_t> out;
  out.reserve(40 + payload.size());
  put_be<std::uint32_t>(out, kCookieV2);
  put_be<std::uint32_t>(out, static_cast<std::uint32_t>(payload.size()));
  put_be<std::uint32_t>(out, 0);  // normalizing index offset
  put_be<std::uint32_t>(out, 3);  // significant digits
  put_be<std::uint64_t>(out, 1);  // lowest discernible value
  put_be<std::uint64_t>(out, counts_.empty() ? kSubBucketCount : highest_in(counts_.size() - 1));
  put_be<std::uint64_t>(out, std::bit_cast<std::uint64_t>(1.0));  // integer to double ratio
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace ringbed::base
