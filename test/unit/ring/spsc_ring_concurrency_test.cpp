// The SPSC ring between two threads.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "ring/spsc_ring.hpp"

namespace ringbed::ring {
namespace {

// Two real threads, bursts of varying size: every item arrives once, whole and in order.
TEST(SpscRing, TwoThreadsLoseAndReorderNothing) {
  struct Item {
    std::uint64_t number;
    std::uint64_t check;
  };
  constexpr std::uint64_t kItems = 300'000;
  SpscRing<Item> ring(256);
  std::thread sender([&] {
    std::uint64_t next = 0;
    std::uint32_t burst = 1;
    while (next < kItems) {
      std::uint32_t index = 0;
      const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(burst, kItems - next));
      const std::uint32_t count = ring.producer().reserve(wanted, index);
      for (std::uint32_t i = 0; i < count; ++i, ++next) {
        ring.producer().slot(index + i) = {next, ~next};
      }
      ring.producer().submit();
      if (count == 0) {
        std::this_thread::yield();
      }
      burst = burst % 61 + 1;
    }
  });
  std::uint64_t expected = 0;
  bool intact = true;
  std::uint32_t burst = 1;
  while (expected < kItems) {
    std::uint32_t index = 0;
    const std::uint32_t count = ring.consumer().peek(burst, index);
    for (std::uint32_t i = 0; i < count; ++i, ++expected) {
      const Item item = ring.consumer().slot(index + i);
      intact = intact && item.number == expected && item.check == ~expected;
    }
    ring.consumer().release();
    if (count == 0) {
      std::this_thread::yield();
    }
    burst = burst % 47 + 1;
  }
  sender.join();
  EXPECT_TRUE(intact);
  EXPECT_EQ(ring.consumer().ready(), 0U);
}

}  // namespace
}  // namespace ringbed::ring
