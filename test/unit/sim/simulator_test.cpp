#include "sim/simulator.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace ringbed::sim {
namespace {

using test::constant;
using test::exponential;

constexpr Picoseconds kUs = 1'000'000;

struct World {
  WorldConfig config = test::instant_world(7);
  std::uint64_t frames = 1'000;
  Distribution gap = constant(kUs);
  Distribution service = constant(100'000);
  std::uint32_t buffers = 0;
  Distribution hold = constant(5 * kUs);
};

struct Outcome {
  base::Ledger ledger;
  std::vector<test::TestHost::Visit> served;
  std::vector<test::TestHost::Visit> answers;
  std::string balance;
  Measurements measured;
  std::uint64_t polls = 0;
  std::uint64_t interrupts = 0;
};

Outcome run(const World& world) {
  test::Source source(world.frames, world.gap, world.config.seed);
  test::TestHost host(world.service, world.config.seed, world.buffers);
  WorldConfig config = world.config;
  config.costs.tx_completion = world.hold;
  config.costs.interrupt = constant(2 * kUs);
  test::TestSink sink;
  Simulator simulator(config, source, host, sink);
  simulator.run(nullptr, {});
  return {simulator.ledger(),
          host.served,
          sink.arrivals,
          simulator.ledger().check(simulator.frames_in_flight() + host.buffers_out()),
          simulator.measured(),
          simulator.cores()[0].polls,
          simulator.cores()[0].interrupts};
}

std::uint64_t drops(const Outcome& outcome, base::Stage stage, base::Reason reason) {
  return outcome.ledger.drops[static_cast<std::size_t>(stage)][static_cast<std::size_t>(reason)];
}

TEST(Simulator, DeliversEverythingWhenNothingIsInTheWay) {
  World world;
  world.buffers = 16;
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_EQ(outcome.ledger.delivered(), 1'000U);
  EXPECT_EQ(outcome.answers.size(), 1'000U);
}

TEST(Simulator, TheBooksNoticeOneLostFrame) {
  World world;
  Outcome outcome = run(world);
  ASSERT_EQ(outcome.balance, "");
  // One frame that some component took and booked nowhere, at each place where that can happen.
  for (auto forget : {&base::Ledger::arrived, &base::Ledger::received, &base::Ledger::processed,
                      &base::Ledger::unanswered, &base::Ledger::offered}) {
    base::Ledger books = outcome.ledger;
    --(books.*forget);
    EXPECT_NE(books.check(0), "");
  }
  EXPECT_NE(outcome.ledger.check(1), "");
}

TEST(Simulator, EveryImpairmentIsBookedUnderItsName) {
  World world;
  world.frames = 20'000;
  world.buffers = 64;
  world.config.link.loss = 0.01;
  world.config.link.duplicate = 0.02;
  world.config.link.corrupt = 0.03;
  world.config.link.jitter = exponential(3 * kUs);
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_NEAR(static_cast<double>(drops(outcome, base::Stage::link, base::Reason::link_loss)), 200,
              60);
  EXPECT_NEAR(static_cast<double>(outcome.ledger.duplicated_forward), 396, 90);
  EXPECT_NEAR(static_cast<double>(drops(outcome, base::Stage::nic, base::Reason::fcs_error)), 594,
              110);
  EXPECT_GT(drops(outcome, base::Stage::return_link, base::Reason::fcs_error), 400U);
  std::uint64_t overtaken = 0;
  for (std::size_t i = 1; i < outcome.served.size(); ++i) {
    EXPECT_GE(outcome.served[i].when, outcome.served[i - 1].when);
    overtaken += outcome.served[i].sequence < outcome.served[i - 1].sequence ? 1 : 0;
  }
  EXPECT_GT(overtaken, 1'000U);
}

TEST(Simulator, CorruptionReachesTheDeviceWhenTheNicDoesNotCheck) {
  World world;
  world.config.link.corrupt = 0.5;
  world.config.nic.check_fcs = false;
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.ledger.received, 1'000U);
  EXPECT_EQ(outcome.balance, "");
}

TEST(Simulator, APauseLosesWhatTheRingCannotHold) {
  for (const std::uint32_t descriptors : {8U, 64U, 512U}) {
    World world;
    world.config.nic.rx_descriptors = descriptors;
    world.config.pauses = {{0, {100 * kUs, 300 * kUs}}};
    const Outcome outcome = run(world);
    EXPECT_EQ(outcome.balance, "");
    // One frame a microsecond for 200 us against `descriptors` places.
    const std::uint64_t lost = drops(outcome, base::Stage::rx_ring, base::Reason::rx_ring_full);
    EXPECT_NEAR(static_cast<double>(lost), descriptors < 200 ? 200.0 - descriptors : 0.0, 2.0);
    for (const auto& visit : outcome.served) {
      EXPECT_FALSE(visit.when > 100 * kUs && visit.when < 300 * kUs) << visit.when;
    }
  }
}

TEST(Simulator, APauseInTheMiddleOfAServiceDelaysItsEnd) {
  World world;
  world.frames = 1;
  world.service = constant(10 * kUs);
  world.buffers = 1;
  world.config.pauses = {{0, {3 * kUs, 7 * kUs}}};
  const Outcome outcome = run(world);
  ASSERT_EQ(outcome.answers.size(), 1U);
  // Departs at 1 us, begins at once, works 2 us, rests 4 us, works 8 us.
  EXPECT_NEAR(static_cast<double>(outcome.answers[0].when), 15e6, 1e3);
}

TEST(Simulator, AStalledConsumerLeavesOnlyItsOwnRingAlone) {
  World world;
  world.config.nic.rx_descriptors = 32;
  world.config.stalls = {{0, {100 * kUs, 300 * kUs}}};
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_NEAR(static_cast<double>(drops(outcome, base::Stage::rx_ring, base::Reason::rx_ring_full)),
              168.0, 2.0);
}

TEST(Simulator, LinkFaultsHoldForTheirTime) {
  World world;
  world.config.link_faults = {{100 * kUs, 150 * kUs, true, 0.0},
                              {500 * kUs, 600 * kUs, false, 1.0}};
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_NEAR(static_cast<double>(drops(outcome, base::Stage::link, base::Reason::link_down)), 50,
              1);
  EXPECT_NEAR(static_cast<double>(drops(outcome, base::Stage::link, base::Reason::link_loss)), 100,
              1);
}

TEST(Simulator, TotalLossStillEnds) {
  World world;
  world.frames = 50'000;
  world.config.link.loss = 1.0;
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_EQ(outcome.ledger.dropped(), 50'000U);
}

TEST(Simulator, InterruptsAreModerated) {
  World world;
  world.config.core.poll = PollMode::interrupt;
  world.config.core.batch = 64;
  world.config.nic.coalesce = 0;
  const Outcome eager = run(world);
  world.config.nic.coalesce = 20 * kUs;
  const Outcome moderated = run(world);
  EXPECT_EQ(moderated.balance, "");
  EXPECT_LT(moderated.interrupts * 4, eager.interrupts);
  // A frame waits for moderation (20 us) and the way into the handler (2 us) at most.
  EXPECT_NEAR(static_cast<double>(moderated.measured.rx_wait.max()), 22'000, 300);
  world.config.nic.coalesce_frames = 4;
  const Outcome by_frames = run(world);
  EXPECT_LT(by_frames.measured.rx_wait.max(), 7'000U);
  EXPECT_GT(by_frames.interrupts, moderated.interrupts);
}

TEST(Simulator, DmaDelayHidesAFrameForItsTime) {
  World world;
  world.config.nic.dma_delay = 700'000;
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_EQ(outcome.measured.nic.max(), 700U);
  EXPECT_GE(outcome.measured.request.min(), 700U);
  EXPECT_EQ(outcome.measured.rx_wait.max(), 0U);
}

TEST(Simulator, ResponsesOfABurstLeaveTogether) {
  World world;
  world.frames = 8;
  world.gap = constant(0);
  world.buffers = 8;
  world.config.core.batch = 8;
  const Outcome together = run(world);
  world.config.core.batch = 1;
  const Outcome singly = run(world);
  // The first frame is served alone, as soon as it is there; the others wait behind it.
  EXPECT_EQ(singly.answers[0].when, together.answers[0].when);
  EXPECT_LT(singly.answers[1].when, together.answers[1].when);
  EXPECT_LE(singly.answers[7].when, together.answers[7].when);
}

TEST(Simulator, AFullTransmitRingIsADrop) {
  World world;
  world.buffers = 64;
  world.hold = constant(1'000 * kUs);
  world.config.nic.tx_descriptors = 4;
  const Outcome outcome = run(world);
  EXPECT_EQ(outcome.balance, "");
  EXPECT_GT(drops(outcome, base::Stage::tx_ring, base::Reason::tx_ring_full), 900U);
}

TEST(Simulator, SameSeedSameRun) {
  World world;
  world.gap = exponential(kUs / 8);
  world.service = exponential(kUs / 8);
  world.config.link.jitter = exponential(kUs);
  world.config.core.noise = {2'000.0, exponential(5 * kUs)};
  const Outcome first = run(world);
  const Outcome second = run(world);
  ASSERT_EQ(first.served.size(), second.served.size());
  for (std::size_t i = 0; i < first.served.size(); ++i) {
    ASSERT_EQ(first.served[i].when, second.served[i].when);
    ASSERT_EQ(first.served[i].sequence, second.served[i].sequence);
  }
  world.config.seed = 8;
  EXPECT_NE(run(world).served.back().when, first.served.back().when);
}

}  // namespace
}  // namespace ringbed::sim
