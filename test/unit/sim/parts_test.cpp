// The small parts that the simulator stands on, against models that are plainly right.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "sim/pause_timeline.hpp"
#include "sim/pending.hpp"
#include "sim/rss.hpp"
#include "sim/scheduler.hpp"

namespace ringbed::sim {
namespace {

TEST(Pending, LeavesInOrderOfTimeAndThenOfArrival) {
  base::Random random(3, "pending");
  Pending<int> pending;
  std::vector<std::pair<Picoseconds, int>> model;
  for (int i = 0; i < 20'000; ++i) {
    if (model.empty() || random.chance(0.55)) {
      const Picoseconds when = random.below(random.chance(0.5) ? 50 : 100'000);
      pending.push(when, i);
      model.emplace_back(when, i);
      continue;
    }
    const auto first = std::min_element(model.begin(), model.end());
    ASSERT_EQ(pending.earliest(), first->first);
    ASSERT_EQ(pending.pop(), first->second);
    model.erase(first);
    ASSERT_EQ(pending.size(), model.size());
  }
}

TEST(Scheduler, NamesTheEarliestSourceAndTheLowestOfEquals) {
  base::Random random(5, "scheduler");
  for (const std::uint32_t sources : {1U, 2U, 3U, 4U, 7U, 65U}) {
    Scheduler scheduler(sources);
    std::vector<Picoseconds> model(sources, kNever);
    for (int i = 0; i < 5'000; ++i) {
      const auto source = static_cast<std::uint32_t>(random.below(sources));
      model[source] = random.chance(0.1) ? kNever : random.below(40);
      scheduler.update(source, model[source]);
      const auto first = std::min_element(model.begin(), model.end());
      if (*first != kNever) {
        ASSERT_EQ(scheduler.earliest(), static_cast<std::uint32_t>(first - model.begin()));
      }
      ASSERT_EQ(scheduler.time_of(scheduler.earliest()), *first);
    }
  }
}

// Against a model that moves one picosecond at a time.
TEST(PauseTimeline, AgreesWithATickByTickModel) {
  base::Random random(9, "pauses");
  for (int round = 0; round < 300; ++round) {
    std::vector<Interval> pauses;
    for (int i = 0; i < 6; ++i) {
      const Picoseconds start = random.below(300);
      pauses.push_back({start, start + random.below(40)});
    }
    const auto paused = [&](Picoseconds t) {
      return std::any_of(pauses.begin(), pauses.end(),
                         [t](const Interval& p) { return p.start <= t && t < p.end; });
    };
    PauseTimeline timeline(pauses, {}, base::Random(1, "none"));
    Picoseconds now = 0;
    while (now < 400) {
      Picoseconds running = now;
      while (paused(running)) {
        ++running;
      }
      ASSERT_EQ(timeline.running_from(now), running) << "round " << round << " at " << now;
      const Picoseconds work = random.below(25);
      Picoseconds end = running;
      for (Picoseconds left = work; left > 0; ++end) {
        left -= paused(end) ? 0 : 1;
      }
      ASSERT_EQ(timeline.finish(running, work), end) << "round " << round << " at " << running;
      now = end + random.below(20);
    }
  }
}

TEST(PauseTimeline, NoiseTakesItsShareOfTheCore) {
  // 1,000 a second of 50 us each: 5 % of the time.
  PauseTimeline timeline({}, {1'000.0, {Distribution::Kind::exponential, 50'000'000, 0, 0.0}},
                         base::Random(4, "noise"));
  const Picoseconds work = 20 * kPsPerSecond;
  const Picoseconds end = timeline.finish(timeline.running_from(0), work);
  EXPECT_NEAR(static_cast<double>(end - work) / static_cast<double>(work), 0.05, 0.002);
}

TEST(Rss, HashesWhatTheSpecificationSays) {
  // First row of the verification suite as a UDP frame, plain and behind two VLAN tags.
  const std::vector<std::uint8_t> ip = {0x45, 0,    0,    28,   0,   0,   0,   0,   64,  17,
                                        0,    0,    66,   9,    149, 187, 161, 142, 100, 80,
                                        0x0a, 0xea, 0x06, 0xe6, 0,   8,   0,   0};
  std::vector<std::uint8_t> plain(12);
  plain.insert(plain.end(), {0x08, 0x00});
  plain.insert(plain.end(), ip.begin(), ip.end());
  std::vector<std::uint8_t> tagged(12);
  tagged.insert(tagged.end(), {0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x08, 0x00});
  tagged.insert(tagged.end(), ip.begin(), ip.end());
  const wire::Toeplitz toeplitz;
  EXPECT_EQ(rss_hash(toeplitz, plain), 0x51ccc178U);
  EXPECT_EQ(rss_hash(toeplitz, tagged), 0x51ccc178U);
  std::vector<std::uint8_t> fragment = plain;
  fragment[14 + 6] = 0x20;  // more fragments
  EXPECT_EQ(rss_hash(toeplitz, fragment), 0x323e8fc2U);
  std::vector<std::uint8_t> icmp = plain;
  icmp[14 + 9] = 1;
  EXPECT_EQ(rss_hash(toeplitz, icmp), 0x323e8fc2U);
  for (std::size_t length = 0; length < tagged.size(); ++length) {
    static_cast<void>(rss_hash(toeplitz, {tagged.data(), length}));  // ASan watches
  }
  EXPECT_EQ(rss_hash(toeplitz, {plain.data(), 13}), 0U);
}

}  // namespace
}  // namespace ringbed::sim
