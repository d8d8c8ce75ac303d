#include "gen/sequence_tracker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.hpp"

namespace ringbed::gen {
namespace {

SequenceTracker one_flow(std::uint64_t first = 0) {
  const std::uint32_t flows[] = {1};
  return SequenceTracker(flows, first);
}

TEST(SequenceTracker, InOrder) {
  SequenceTracker tracker = one_flow();
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    tracker.receive(0, 0, i);
  }
  EXPECT_EQ(tracker.counts(0).received, 100'000U);
  EXPECT_EQ(tracker.counts(0).duplicated, 0U);
  EXPECT_EQ(tracker.counts(0).reordered, 0U);
  EXPECT_EQ(tracker.counts(0).expected, 100'000U);
  EXPECT_EQ(tracker.lost(0, 100'005), 5U);
}

// RFC 4737's example: 1, 2, 3, 6, 4, 5, 7: packets 4 and 5 are reordered.
TEST(SequenceTracker, ReorderedIsWhatComesAfterAHigherNumber) {
  SequenceTracker tracker = one_flow(1);
  for (const std::uint64_t number : {1U, 2U, 3U, 6U, 4U, 5U, 7U}) {
    tracker.receive(0, 0, number);
  }
  EXPECT_EQ(tracker.counts(0).reordered, 2U);
  EXPECT_EQ(tracker.counts(0).received, 7U);
  EXPECT_EQ(tracker.counts(0).duplicated, 0U);
}

TEST(SequenceTracker, CopiesAreDuplicatesWhereverTheyCome) {
  SequenceTracker tracker = one_flow();
  for (const std::uint64_t number : {0U, 0U, 1U, 3U, 3U, 2U, 2U, 1U, 4U, 0U}) {
    tracker.receive(0, 0, number);
  }
  EXPECT_EQ(tracker.counts(0).received, 5U);
  EXPECT_EQ(tracker.counts(0).duplicated, 5U);
  EXPECT_EQ(tracker.counts(0).reordered, 1U);
}

TEST(SequenceTracker, NumbersWrap) {
  for (const std::uint64_t first : {UINT64_MAX - 50, UINT64_MAX, std::uint64_t{UINT32_MAX} - 50}) {
    SequenceTracker tracker = one_flow(first);
    for (std::uint64_t i = 0; i < 200; ++i) {
      tracker.receive(0, 0, first + i + (i % 2 == 0 ? 1 : 0) - (i % 2 == 1 ? 1 : 0));  // swapped
      tracker.receive(0, 0, first + (i / 2 * 2 + 1));
    }
    EXPECT_EQ(tracker.counts(0).received, 200U);
    EXPECT_EQ(tracker.counts(0).duplicated, 200U);
    EXPECT_EQ(tracker.counts(0).reordered, 100U);
    EXPECT_EQ(tracker.counts(0).expected, 200U);
  }
}

TEST(SequenceTracker, BeyondTheWindowIsSaid) {
  SequenceTracker tracker = one_flow();
  const std::uint64_t window = tracker.window(0);
  tracker.receive(0, 0, window + 10);  // 0..10 are out of the window now
  tracker.receive(0, 0, 11);
  tracker.receive(0, 0, 11);
  EXPECT_EQ(tracker.counts(0).duplicated, 1U);
  EXPECT_EQ(tracker.counts(0).beyond_window, 0U);
  tracker.receive(0, 0, 10);
  EXPECT_EQ(tracker.counts(0).beyond_window, 1U);
  EXPECT_EQ(tracker.counts(0).reordered, 2U);
}

// Against an exact model with sets: random loss, copies and displacement within the window.
TEST(SequenceTracker, AgreesWithAModel) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed, "tracker");
    const std::uint32_t flows[] = {1, 7, 5000};
    const auto first = seed % 2 == 0 ? UINT64_MAX - random.below(300) : 0;
    SequenceTracker tracker(flows, first);
    for (std::uint32_t stream = 0; stream < 3; ++stream) {
      struct Arrival {
        std::uint64_t key;
        std::uint32_t flow;
        std::uint64_t number;
      };
      std::vector<Arrival> arrivals;
      std::uint64_t sent = 0;
      const std::uint64_t used = std::min<std::uint64_t>(flows[stream], 40);
      for (std::uint64_t i = 0; i < 20'000; ++i, ++sent) {
        const auto flow = static_cast<std::uint32_t>(i % used);
        const int copies = random.chance(0.1) ? 0 : random.chance(0.1) ? 2 : 1;
        for (int copy = 0; copy < copies; ++copy) {
          const std::uint64_t late = random.chance(0.2) ? random.below(100 * used) : 0;
          arrivals.push_back({i + late, flow, i / used});
        }
      }
      std::ranges::stable_sort(arrivals, {}, &Arrival::key);
      std::map<std::uint32_t, std::set<std::uint64_t>> seen;
      SequenceCounts model;
      for (const auto& arrival : arrivals) {
        auto& numbers = seen[arrival.flow];
        if (!numbers.empty() && arrival.number < *numbers.rbegin() &&
            !numbers.contains(arrival.number)) {
          ++model.reordered;
        }
        ++(numbers.insert(arrival.number).second ? model.received : model.duplicated);
        tracker.receive(stream, arrival.flow, first + arrival.number);
      }
      EXPECT_EQ(tracker.counts(stream).received, model.received);
      EXPECT_EQ(tracker.counts(stream).duplicated, model.duplicated);
      EXPECT_EQ(tracker.counts(stream).reordered, model.reordered);
      EXPECT_EQ(tracker.counts(stream).beyond_window, 0U);
      EXPECT_EQ(tracker.lost(stream, sent), sent - model.received);
    }
  }
}

TEST(SequenceTracker, ManyFlowsAreCheap) {
  const std::uint32_t flows[] = {100'000};
  const SequenceTracker tracker(flows);
  EXPECT_LE(tracker.memory_bytes(), 100'000U * 32);
  EXPECT_EQ(tracker.window(0), 128U);
}

}  // namespace
}  // namespace ringbed::gen
