#include "port/clock_line.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/random.hpp"

namespace ringbed::port {
namespace {

constexpr std::uint64_t kLookNs = 100'000'000;
constexpr std::uint64_t kEpoch = 1'700'000'000'000'000'000;  // of a clock that shows the date

std::int64_t error(const ClockLine& line, std::uint64_t theirs, std::uint64_t ours) {
  return static_cast<std::int64_t>(line.ours(theirs) - ours);
}

TEST(ClockLine, OneLookIsAnOffset) {
  ClockLine line;
  line.look(kEpoch, 5'000);
  EXPECT_EQ(line.ours(kEpoch), 5'000U);
  EXPECT_EQ(line.ours(kEpoch + 70), 5'070U);
  EXPECT_EQ(line.ours(kEpoch - 70), 4'930U);
  EXPECT_EQ(line.ours(kEpoch - 5'000), 0U);
  EXPECT_EQ(line.ours(kEpoch - 6'000), 0U) << "before our zero";
  EXPECT_EQ(line.ours(0), 0U);
}

// A crystal that is 80 millionths off would lead 8 microseconds astray between two looks.
TEST(ClockLine, FollowsAClockThatRunsFastOrSlow) {
  base::Random random(1, "clock");
  for (const double rate : {1.00008, 0.99992, 1.0}) {
    ClockLine line;
    const auto theirs_at = [&](std::uint64_t ours) {
      return kEpoch + static_cast<std::uint64_t>(std::llround(static_cast<double>(ours) * rate));
    };
    std::int64_t worst = 0;
    for (std::uint64_t at = 1'000'000'000; at < 11'000'000'000; at += kLookNs) {
      const auto noise = static_cast<std::uint64_t>(random.below(1'001));
      line.look(theirs_at(at) + noise - 500, at);
      if (at < 2'000'000'000) {
        continue;  // the slope is not known yet
      }
      for (int i = 0; i < 20; ++i) {
        const std::uint64_t when = at + random.below(kLookNs);
        worst = std::max(worst, std::abs(error(line, theirs_at(when), when)));
      }
    }
    EXPECT_LE(worst, 700) << rate << ": half a microsecond of noise, and what it does to the slope";
  }
}

TEST(ClockLine, AClockThatWasSetStartsANewLine) {
  ClockLine line;
  for (std::uint64_t at = 0; at < 2'000'000'000; at += kLookNs) {
    line.look(kEpoch + at, at);
  }
  for (const std::int64_t step :
       std::initializer_list<std::int64_t>{37'000'000'000, -5'000'000'000, 2'000'000'000}) {
    const std::uint64_t at = 2'000'000'000;
    const std::uint64_t shown = kEpoch + static_cast<std::uint64_t>(step) + at;
    line.look(shown, at);
    EXPECT_EQ(line.ours(shown + 1'000), at + 1'000) << step;
  }
}

}  // namespace
}  // namespace ringbed::port
