#include "ring/spsc_ring.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace ringbed::ring {
namespace {

TEST(SpscRing, RoundsItsSizeUpToAPowerOfTwo) {
  EXPECT_EQ(SpscRing<int>(1).size(), 1U);
  EXPECT_EQ(SpscRing<int>(3).size(), 4U);
  EXPECT_EQ(SpscRing<int>(1024).size(), 1024U);
}

TEST(SpscRing, HoldsExactlyItsSizeAndKeepsTheOrder) {
  SpscRing<int> ring(8);
  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 100);
  EXPECT_EQ(ring.producer().push(items), 8U);
  EXPECT_EQ(ring.producer().push(std::span(items).first(1)), 0U);
  EXPECT_EQ(ring.producer().held(), 8U);
  std::vector<int> out(10);
  EXPECT_EQ(ring.consumer().pop(out), 8U);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(out[static_cast<std::size_t>(i)], 100 + i);
  }
  EXPECT_EQ(ring.consumer().pop(out), 0U);
}

TEST(SpscRing, ReservedSlotsAreInvisibleUntilSubmitted) {
  SpscRing<int> ring(4);
  std::uint32_t index = 0;
  ASSERT_EQ(ring.producer().reserve(3, index), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ring.producer().slot(index + i) = static_cast<int>(i);
  }
  std::uint32_t read = 0;
  EXPECT_EQ(ring.consumer().peek(4, read), 0U);
  ring.producer().cancel(1);
  ring.producer().submit();
  ASSERT_EQ(ring.consumer().peek(4, read), 2U);
  EXPECT_EQ(ring.consumer().slot(read), 0);
  EXPECT_EQ(ring.consumer().slot(read + 1), 1);
}

TEST(SpscRing, PeekedItemsHoldTheirSlotsUntilReleased) {
  SpscRing<int> ring(2);
  const std::vector<int> items{1, 2};
  ASSERT_EQ(ring.producer().push(items), 2U);
  std::uint32_t read = 0;
  std::uint32_t write = 0;
  ASSERT_EQ(ring.consumer().peek(2, read), 2U);
  EXPECT_EQ(ring.producer().reserve(1, write), 0U);
  ring.consumer().cancel(1);
  ring.consumer().release();
  EXPECT_EQ(ring.producer().reserve(2, write), 1U);
  ASSERT_EQ(ring.consumer().peek(2, read), 1U);
  EXPECT_EQ(ring.consumer().slot(read), 2);
}

TEST(SpscRing, IndicesWrapThroughTwoToTheThirtyTwo) {
  std::uint32_t producer_index = UINT32_MAX - 2;
  std::uint32_t consumer_index = UINT32_MAX - 2;
  std::uint32_t flags = 0;
  std::vector<int> slots(4);
  const RingMemory<int> memory{&producer_index, &consumer_index, &flags, slots.data(), 4};
  RingProducer<int> producer(memory);
  RingConsumer<int> consumer(memory);
  for (int round = 0; round < 5; ++round) {
    const std::vector<int> items{3 * round, 3 * round + 1, 3 * round + 2};
    ASSERT_EQ(producer.push(items), 3U);
    std::vector<int> out(4);
    ASSERT_EQ(consumer.pop(out), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(out[i], items[i]);
    }
  }
  EXPECT_EQ(producer_index, UINT32_MAX - 2 + 15);  // modulo 2^32
}

// The kernel's end of a ring: it has its own idea of the indices, in shared memory.
TEST(SpscRing, WorksOverMemoryOfSomebodyElse) {
  std::uint32_t producer_index = 40;
  std::uint32_t consumer_index = 38;
  std::uint32_t flags = 1;
  std::vector<int> slots(8);
  slots[38 & 7] = 7;
  slots[39 & 7] = 8;
  const RingMemory<int> memory{&producer_index, &consumer_index, &flags, slots.data(), 8};
  RingConsumer<int> consumer(memory);
  EXPECT_EQ(consumer.ready(), 2U);
  std::vector<int> out(8);
  ASSERT_EQ(consumer.pop(out), 2U);
  EXPECT_EQ(out[0], 7);
  EXPECT_EQ(out[1], 8);
  EXPECT_EQ(consumer_index, 40U);
  RingProducer<int> producer(memory);
  EXPECT_TRUE(producer.needs_wakeup());
  flags = 0;
  EXPECT_FALSE(producer.needs_wakeup());
}

}  // namespace
}  // namespace ringbed::ring
