// Frames are timed while the clocks are being looked at.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "port/clock_line.hpp"

namespace ringbed::port {
namespace {

TEST(ClockLineConcurrency, AReaderNeverSeesHalfALine) {
  // Every line maps a multiple of a second to itself; half of one does not.
  constexpr std::uint64_t kSecond = 1'000'000'000;
  ClockLine line;
  line.look(kSecond, kSecond);
  std::atomic<bool> over{false};
  std::thread reader([&] {
    std::uint64_t asked = 0;
    while (!over.load(std::memory_order_relaxed) || asked == 0) {
      ASSERT_EQ(line.ours(7 * kSecond), 7 * kSecond);
      ++asked;
    }
  });
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const std::uint64_t at = (1 + i % 5) * kSecond;
    line.look(at, at);
  }
  over.store(true, std::memory_order_relaxed);
  reader.join();
}

}  // namespace
}  // namespace ringbed::port
