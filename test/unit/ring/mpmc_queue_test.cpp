#include "ring/mpmc_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ringbed::ring {
namespace {

TEST(MpmcQueue, IsFirstInFirstOutAndBounded) {
  MpmcQueue<std::uint32_t> queue(4);
  ASSERT_EQ(queue.size(), 4U);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(queue.push(i));
  }
  EXPECT_FALSE(queue.push(99));
  std::uint32_t out = 0;
  for (std::uint32_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(queue.pop(out));
    EXPECT_EQ(out, i);
  }
  EXPECT_FALSE(queue.pop(out));
  EXPECT_EQ(queue.pushed(), 4U);
  EXPECT_EQ(queue.popped(), 4U);
}

TEST(MpmcQueue, BurstsMoveWhatFits) {
  MpmcQueue<std::uint32_t> queue(8);
  const std::vector<std::uint32_t> items{0, 1, 2, 3, 4, 5};
  std::vector<std::uint32_t> out(16);
  for (int lap = 0; lap < 20; ++lap) {
    EXPECT_EQ(queue.push(std::span(items)), 6U);
    EXPECT_EQ(queue.push(std::span(items)), 2U);
    ASSERT_EQ(queue.pop(std::span(out)), 8U);
    EXPECT_EQ(out[5], 5U);
    EXPECT_EQ(out[6], 0U);
    EXPECT_EQ(out[7], 1U);
    EXPECT_EQ(queue.pop(std::span(out)), 0U);
  }
  EXPECT_EQ(queue.push(std::span(items).first(0)), 0U);
}

}  // namespace
}  // namespace ringbed::ring
