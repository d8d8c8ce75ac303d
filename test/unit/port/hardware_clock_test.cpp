// No machine of the tests has a NIC with a clock: the system's own clocks stand for one, which are
// read by the same call.
#include "port/hardware_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace ringbed::port {
namespace {

std::uint64_t read(clockid_t clock) {
  timespec time{};
  EXPECT_EQ(clock_gettime(clock, &time), 0);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

TEST(HardwareClock, TellsWhenAStampWasWritten) {
  for (const clockid_t kind : {CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI}) {
    auto clock = HardwareClock::of(kind);
    ASSERT_TRUE(clock.ok()) << clock.error().message;
    for (int i = 0; i < 8; ++i) {
      const std::uint64_t before = read(CLOCK_MONOTONIC);
      const std::uint64_t stamp = read(kind);
      const std::uint64_t after = read(CLOCK_MONOTONIC);
      const std::uint64_t told = clock.value()->monotonic(stamp);
      // Both clocks are slewed alike, so that only the looks' own error is left.
      const std::uint64_t slack = clock.value()->uncertainty_ns() + 1'000;
      EXPECT_GE(told + slack, before) << kind;
      EXPECT_LE(told, after + slack) << kind;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      clock.value()->look();
    }
    EXPECT_GT(clock.value()->uncertainty_ns(), 0U);
  }
}

TEST(HardwareClock, AClockThatStandsStillAndGoesOnIsFollowed) {
  auto clock = HardwareClock::of(CLOCK_THREAD_CPUTIME_ID);
  ASSERT_TRUE(clock.ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  clock.value()->look();
  const std::uint64_t before = read(CLOCK_MONOTONIC);
  const std::uint64_t told = clock.value()->monotonic(read(CLOCK_THREAD_CPUTIME_ID));
  EXPECT_NEAR(static_cast<double>(told), static_cast<double>(before), 5e6);
}

TEST(HardwareClock, OneThatIsNotThereIsNamed) {
  const auto clock = HardwareClock::open(987);
  ASSERT_FALSE(clock.ok());
  EXPECT_EQ(clock.error().code, base::ErrorCode::unavailable);
  EXPECT_NE(clock.error().message.find("/dev/ptp987"), std::string::npos);
}

}  // namespace
}  // namespace ringbed::port
