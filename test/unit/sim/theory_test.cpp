// The simulator against closed formulas of queueing theory. Each case runs several independent
// replications and asks that the theoretical value lies within 4.5 standard errors of their mean;
// seeds are fixed, so a pass stays a pass.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support.hpp"

namespace ringbed::sim {
namespace {

using test::constant;
using test::exponential;

struct Estimate {
  double mean = 0;
  double error = 0;
};

Estimate estimate(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return {mean, std::sqrt(squares / (n * (n - 1)))};
}

void expect_agrees(const Estimate& seen, double theory, const char* what) {
  EXPECT_NEAR(seen.mean, theory, 4.5 * seen.error + 1e-4 * theory) << what;
  EXPECT_LT(seen.error, 0.05 * theory + 1e-6) << what << ": the run is too short to say anything";
}

struct QueueRun {
  Estimate loss;
  Estimate wait_ns;  // in the ring, of frames that were served
};

QueueRun run_queue(double load, std::uint32_t places, bool exponential_service) {
  constexpr Picoseconds kService = 1'000 * kPsPerNs;
  constexpr int kReplications = 12;
  constexpr std::uint64_t kFrames = 300'000;
  std::vector<double> losses;
  std::vector<double> waits;
  for (std::uint64_t seed = 1; seed <= kReplications; ++seed) {
    WorldConfig world = test::instant_world(seed);
    world.nic.rx_descriptors = places;
    test::Source source(
        kFrames, exponential(static_cast<Picoseconds>(static_cast<double>(kService) / load)), seed);
    test::TestHost host(exponential_service ? exponential(kService) : constant(kService), seed);
    test::TestSink sink;
    Simulator simulator(world, source, host, sink);
    simulator.run(nullptr, {});
    EXPECT_EQ(simulator.ledger().check(simulator.frames_in_flight()), "");
    const auto& ledger = simulator.ledger();
    losses.push_back(static_cast<double>(ledger.dropped()) / static_cast<double>(ledger.offered));
    waits.push_back(simulator.measured().rx_wait.mean());
  }
  return {estimate(losses), estimate(waits)};
}

struct Theory {
  double loss;
  double wait;  // in units of the service time
};

Theory mm1k(double load, std::uint32_t places) {
  double sum = 0;
  double weighted = 0;
  for (std::uint32_t n = 0; n <= places; ++n) {
    sum += std::pow(load, n);
    weighted += n * std::pow(load, n);
  }
  const double loss = std::pow(load, places) / sum;
  const double carried = load * (1 - loss);
  return {loss, weighted / sum / carried - 1.0};
}

// M/D/1/K by the embedded Markov chain at departures (Gross, Harris, section 5.1).
Theory md1k(double load, std::uint32_t places) {
  std::vector<double> arrivals(places + 1);
  arrivals[0] = std::exp(-load);
  for (std::uint32_t k = 1; k <= places; ++k) {
    arrivals[k] = arrivals[k - 1] * load / k;
  }
  std::vector<double> left(places);  // what a departure leaves behind
  left[0] = 1.0;
  for (std::uint32_t j = 0; j + 1 < places; ++j) {
    double sum = left[j] - left[0] * arrivals[j];
    for (std::uint32_t i = 1; i <= j; ++i) {
      sum -= left[i] * arrivals[j - i + 1];
    }
    left[j + 1] = sum / arrivals[0];
  }
  const double total = std::accumulate(left.begin(), left.end(), 0.0);
  for (double& p : left) {
    p /= total;
  }
  const double scale = 1.0 / (left[0] + load);
  double length = 0;
  for (std::uint32_t n = 0; n < places; ++n) {
    length += n * left[n] * scale;
  }
  const double loss = 1.0 - scale;
  length += places * loss;
  return {loss, length / (load * (1.0 - loss)) - 1.0};
}

TEST(Theory, ExponentialServiceIsMM1K) {
  for (const auto& [load, places] : {std::pair{0.7, 4U}, {0.95, 16U}, {1.2, 8U}, {0.5, 1U}}) {
    SCOPED_TRACE(testing::Message() << "load " << load << ", places " << places);
    const QueueRun seen = run_queue(load, places, true);
    const Theory theory = mm1k(load, places);
    expect_agrees(seen.loss, theory.loss, "loss");
    expect_agrees({seen.wait_ns.mean / 1'000 + 1, seen.wait_ns.error / 1'000}, theory.wait + 1,
                  "wait plus one service");
  }
}

TEST(Theory, ConstantServiceIsMD1K) {
  for (const auto& [load, places] : {std::pair{0.8, 4U}, {0.95, 12U}, {1.1, 8U}}) {
    SCOPED_TRACE(testing::Message() << "load " << load << ", places " << places);
    const QueueRun seen = run_queue(load, places, false);
    const Theory theory = md1k(load, places);
    expect_agrees(seen.loss, theory.loss, "loss");
    expect_agrees({seen.wait_ns.mean / 1'000 + 1, seen.wait_ns.error / 1'000}, theory.wait + 1,
                  "wait plus one service");
  }
}

double erlang_b(double offered, std::uint32_t servers) {
  double blocking = 1.0;
  for (std::uint32_t n = 1; n <= servers; ++n) {
    blocking = offered * blocking / (n + offered * blocking);
  }
  return blocking;
}

// Erlang's loss formula holds for any distribution of the hold time with the same mean.
TEST(Theory, ResponsePoolIsErlangB) {
  constexpr Picoseconds kHold = 100'000 * kPsPerNs;
  for (const bool random_hold : {false, true}) {
    for (const auto& [offered, buffers] : {std::pair{8.0, 10U}, {50.0, 48U}, {2.0, 1U}}) {
      SCOPED_TRACE(testing::Message() << offered << " erlang, " << buffers << " buffers");
      std::vector<double> losses;
      for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        WorldConfig world = test::instant_world(seed);
        world.nic.tx_descriptors = 4'096;
        test::Source source(
            200'000, exponential(static_cast<Picoseconds>(static_cast<double>(kHold) / offered)),
            seed);
        test::TestHost host(constant(0), seed, buffers);
        world.costs.tx_completion = random_hold ? exponential(kHold) : constant(kHold);
        test::TestSink sink;
        Simulator simulator(world, source, host, sink);
        simulator.run(nullptr, {});
        EXPECT_EQ(simulator.ledger().check(simulator.frames_in_flight() + host.buffers_out()), "");
        losses.push_back(static_cast<double>(simulator.ledger().dropped()) / 200'000.0);
      }
      expect_agrees(estimate(losses), erlang_b(offered, buffers), "blocking");
    }
  }
}

// 10 Gb/s carries one 60-byte frame (84 bytes with overhead) every 67.2 ns: 14,880,952 a second.
TEST(Theory, SaturatedLinkCarriesLineRateExactly) {
  WorldConfig world = test::instant_world(1);
  world.link.rate_bps = 10'000'000'000;
  world.nic.rx_descriptors = 1'024;
  // 20 million frames a second for one second: more than the wire takes.
  test::Source source(20'000'000 / 10, constant(50'000), 1);
  test::TestHost host(constant(0), 1);
  host.served.reserve(2'000'000);
  test::TestSink sink;
  Simulator simulator(world, source, host, sink);
  simulator.run(nullptr, {});
  const auto& visits = host.served;
  ASSERT_GT(visits.size(), 1'000'000U);
  const Picoseconds span = visits.back().when - visits.front().when;
  EXPECT_EQ(span, (visits.size() - 1) * 67'200);
  EXPECT_EQ(kPsPerSecond / 67'200, 14'880'952U);
  EXPECT_EQ(simulator.ledger().dropped(base::Stage::link),
            simulator.ledger().offered - visits.size());
}

// A rate that does not divide: no drift over a million frames.
TEST(Theory, OddLinkRatesDoNotDrift) {
  LinkConfig config;
  config.rate_bps = 7'777'777'777;
  config.queue_frames = 2'000'000;
  Link link(config, 1, "link", {});
  Picoseconds last = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    last = link.send(0, 60).sent;
  }
  const double exact = 1e6 * 84 * 8 / 7'777'777'777.0 * 1e12;
  EXPECT_NEAR(static_cast<double>(last), exact, 2.0);
}

}  // namespace
}  // namespace ringbed::sim
