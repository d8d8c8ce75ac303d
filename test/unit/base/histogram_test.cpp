#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace ringbed::base {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.percentile(99.0), 0U);
  EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(Histogram, KeepsThreeSignificantDigitsOverTheWholeRange) {
  for (std::uint64_t value = 1; value < Histogram::kMaxValue / 3; value = value * 3 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(value * 3);  // so that max() does not clip the percentile
    const std::uint64_t seen = histogram.percentile(50.0);
    EXPECT_GE(seen, value);
    EXPECT_LE(static_cast<double>(seen - value), 0.001 * static_cast<double>(value)) << value;
  }
}

TEST(Histogram, PercentilesAgreeWithSortedValues) {
  Random random(7, "histogram-test");
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::uint64_t>(random.exponential() * 50'000.0);
    values.push_back(value);
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  for (const std::size_t permille : {1U, 100U, 500U, 900U, 990U, 999U, 1000U}) {
    const auto exact = static_cast<double>(values[permille * 20 - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(static_cast<double>(permille) / 10.0)),
                exact, 0.001 * exact + 1.0);
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, MergeIsTheSameAsRecordingBoth) {
  Random random(9, "merge");
  Histogram left;
  Histogram right;
  Histogram both;
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t value = random.next() >> (random.next() % 40 + 12);
    ((i % 3 == 0) ? left : right).record(value);
    both.record(value);
  }
  left.merge(right);
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.mean(), both.mean());
  EXPECT_EQ(left.encode(), both.encode());
  EXPECT_EQ(left.percentile(99.0), both.percentile(99.0));
}

TEST(Histogram, EqualSamplesDoNotDeviateWhateverTheWidthOfTheirSlot) {
  Histogram histogram;
  for (int i = 0; i < 1000; ++i) {
    histogram.record(40'000'300);  // its slot is some 30,000 wide
  }
  EXPECT_EQ(histogram.stddev(), 0.0);
  histogram.record(80'000'600);
  EXPECT_NEAR(histogram.stddev(), 40'000'300 * 0.0316, 40'000'300 * 0.0003);
}

TEST(Histogram, ValuesAboveTheRangeAreClippedNotLost) {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.max(), Histogram::kMaxValue);
}

}  // namespace
}  // namespace ringbed::base
