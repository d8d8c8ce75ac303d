#include "gen/arrival.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ringbed::gen {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kTenGigabit = 10'000'000'000;

Arrival make(const RateSpec& rate, Arrival::Lengths lengths = {60, 1514}, std::uint64_t start = 0,
             std::uint64_t seed = 1) {
  auto arrival = Arrival::create(rate, kTenGigabit, start, lengths, seed, "test");
  EXPECT_TRUE(arrival.ok());
  return std::move(arrival).value();
}

RateSpec constant(double rate, RateSpec::Unit unit) {
  RateSpec spec;
  spec.rate = rate;
  spec.unit = unit;
  return spec;
}

// 14,880,952 frames a second: 67.2 ns each (RFC 2544's figure for 10 Gb/s).
TEST(Arrival, FullLineOfMinimumFrames) {
  Arrival arrival = make(constant(1.0, RateSpec::Unit::line_share));
  for (std::uint64_t n = 0; n < 1'000'000; ++n) {
    ASSERT_EQ(arrival.departure_ps(), n * 67'200);
    arrival.advance(60);
  }
  std::uint64_t in_a_second = 0;
  Arrival again = make(constant(1.0, RateSpec::Unit::line_share), {46, 1514});
  while (again.departure_ps() < kPsPerSecond) {
    again.advance(46);  // what is shorter is padded
    ++in_a_second;
  }
  EXPECT_EQ(in_a_second, 14'880'953U);  // one at 0, and one every 67.2 ns
}

// Frame n leaves at floor(n * 10^12 / rate): no drift in ten million frames.
TEST(Arrival, ConstantRateIsExactOverTenMillionFrames) {
  for (const std::uint64_t rate : {3ULL, 7ULL, 200'000ULL, 999'983ULL, 14'880'952ULL}) {
    Arrival arrival = make(constant(static_cast<double>(rate), RateSpec::Unit::pps));
    for (std::uint64_t n = 0; n < 10'000'000; ++n) {
      if (n % 997 == 0) {
        ASSERT_EQ(arrival.departure_ps(),
                  static_cast<std::uint64_t>(static_cast<Wide>(n) * kPsPerSecond / rate))
            << rate << " " << n;
      }
      arrival.advance(60);
      if (arrival.departure_ps() > kNever / 2) {
        break;
      }
    }
  }
}

TEST(Arrival, FractionalRatesAreExactToo) {
  Arrival arrival = make(constant(0.75, RateSpec::Unit::pps));  // 4/3 s
  for (std::uint64_t n = 0; n < 3'000'000; ++n) {
    ASSERT_EQ(arrival.departure_ps(),
              static_cast<std::uint64_t>(static_cast<Wide>(n) * kPsPerSecond * 4 / 3));
    arrival.advance(60);
  }
}

// A gap depends on the frame just sent, and the sum of all bits over the time is the rate.
TEST(Arrival, BitRateWithVaryingSizes) {
  base::Random random(5, "sizes");
  for (const auto unit : {RateSpec::Unit::bps, RateSpec::Unit::line_share}) {
    const double rate = unit == RateSpec::Unit::bps ? 3e9 : 0.3;
    Arrival arrival = make(constant(rate, unit));
    Wide bits = 0;
    for (int n = 0; n < 1'000'000; ++n) {
      ASSERT_EQ(arrival.departure_ps(),
                static_cast<std::uint64_t>(bits * kPsPerSecond / 3'000'000'000ULL));
      const auto length = static_cast<std::uint32_t>(random.between(60, 1514));
      arrival.advance(length);
      bits += (length + (unit == RateSpec::Unit::line_share ? kWireOverheadBytes : 0)) * 8;
    }
  }
}

// Gaps of a Poisson process are exponential: Kolmogorov-Smirnov against 1 - exp(-x).
TEST(Arrival, PoissonGapsAreExponential) {
  constexpr std::uint64_t kSeed = 20'240'601;
  SCOPED_TRACE(kSeed);
  RateSpec spec = constant(2e5, RateSpec::Unit::pps);
  spec.kind = RateSpec::Kind::poisson;
  Arrival arrival = make(spec, {60, 60}, 0, kSeed);
  constexpr std::size_t kCount = 200'000;
  std::vector<double> gaps;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    gaps.push_back(static_cast<double>(arrival.departure_ps() - before) / 5e6);
    before = arrival.departure_ps();
    arrival.advance(60);
  }
  EXPECT_GT(gaps.front(), 0.0);  // the process does not start with a frame
  std::ranges::sort(gaps);
  double distance = 0.0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const double law = 1.0 - std::exp(-gaps[i]);
    distance = std::max({distance, std::abs(law - static_cast<double>(i) / kCount),
                         std::abs(law - static_cast<double>(i + 1) / kCount)});
  }
  EXPECT_LT(distance, 1.628 / std::sqrt(static_cast<double>(kCount)));  // 1 % level
}

// Counts in windows: mean and variance are equal (index of dispersion 1).
TEST(Arrival, PoissonCountsHaveDispersionOne) {
  RateSpec spec = constant(1e6, RateSpec::Unit::pps);
  spec.kind = RateSpec::Kind::poisson;
  Arrival arrival = make(spec, {60, 60}, 0, 7);
  constexpr int kWindows = 20'000;
  double sum = 0.0;
  double squares = 0.0;
  for (int window = 1; window <= kWindows; ++window) {
    double count = 0.0;
    while (arrival.departure_ps() < static_cast<std::uint64_t>(window) * 50'000'000) {
      ++count;
      arrival.advance(60);
    }
    sum += count;
    squares += count * count;
  }
  const double mean = sum / kWindows;
  const double variance = squares / kWindows - mean * mean;
  EXPECT_NEAR(mean, 50.0, 4.0 * std::sqrt(50.0 / kWindows));
  EXPECT_NEAR(variance / mean, 1.0, 4.0 * std::sqrt(2.0 / kWindows));
}

TEST(Arrival, PoissonBitRateFollowsSizes) {
  RateSpec spec = constant(4e9, RateSpec::Unit::bps);
  spec.kind = RateSpec::Kind::poisson;
  Arrival arrival = make(spec, {60, 1514}, 0, 8);
  base::Random random(5, "sizes");
  double bits = 0.0;
  for (int n = 0; n < 2'000'000; ++n) {
    const auto length = static_cast<std::uint32_t>(random.between(60, 1514));
    arrival.advance(length);
    bits += length * 8.0;
  }
  EXPECT_NEAR(bits / static_cast<double>(arrival.departure_ps()) * 1e12, 4e9, 4e9 * 0.004);
}

// On for 1 ms at 1 Mpps, off for 9 ms: 1,000 frames in every cycle, none in the silence.
TEST(Arrival, BurstSendsOnlyWhileOn) {
  RateSpec spec = constant(1e6, RateSpec::Unit::pps);
  spec.kind = RateSpec::Kind::burst;
  spec.on_ns = 1'000'000;
  spec.off_ns = 9'000'000;
  constexpr std::uint64_t kStart = 123'000;
  Arrival arrival = make(spec, {60, 60}, kStart);
  std::vector<int> cycles(100);
  for (;;) {
    const std::uint64_t since = arrival.departure_ps() - kStart;
    if (since >= 100 * 10'000'000'000ULL) {
      break;
    }
    ASSERT_LT(since % 10'000'000'000ULL, 1'000'000'000ULL);
    ++cycles[since / 10'000'000'000ULL];
    arrival.advance(60);
  }
  for (const int count : cycles) {
    EXPECT_EQ(count, 1000);
  }
}

// A gap that does not divide the on time, and one that is longer than it.
TEST(Arrival, BurstKeepsItsMeanRate) {
  for (const double rate : {333'333.0, 777.0}) {
    RateSpec spec = constant(rate, RateSpec::Unit::pps);
    spec.kind = RateSpec::Kind::burst;
    spec.on_ns = 1'000'003;
    spec.off_ns = 2'000'007;
    Arrival arrival = make(spec, {60, 60});
    const std::uint64_t cycle = (spec.on_ns + spec.off_ns) * 1000;
    std::uint64_t sent = 0;
    while (arrival.departure_ps() < cycle * 10'000) {
      ASSERT_LT(arrival.departure_ps() % cycle, spec.on_ns * 1000);
      ++sent;
      arrival.advance(60);
    }
    const double expected = rate * static_cast<double>(spec.on_ns) * 1e-9 * 10'000;
    EXPECT_NEAR(static_cast<double>(sent), expected, 1.5);
  }
}

// From 0 to 1 Mpps over a second: n(t) = t^2 / 2 * 10^6, so frame n leaves at sqrt(2 n / 10^6) s.
TEST(Arrival, RampFollowsTheIntegralOfItsRate) {
  struct Case {
    double from;
    double to;
  };
  for (const Case row : {Case{0, 1e6}, Case{1e6, 0}, Case{2e5, 9e5}, Case{9e5, 2e5}}) {
    RateSpec spec = constant(row.from, RateSpec::Unit::pps);
    spec.kind = RateSpec::Kind::ramp;
    spec.rate_to = row.to;
    spec.ramp_ns = 1'000'000'000;
    Arrival arrival = make(spec, {60, 60});
    std::uint64_t last = 0;
    double n = 0;
    for (; arrival.departure_ps() < kPsPerSecond; ++n) {
      ASSERT_GE(arrival.departure_ps(), last);
      last = arrival.departure_ps();
      const double t = static_cast<double>(last) * 1e-12;
      const double integral = row.from * t + (row.to - row.from) * t * t / 2.0;
      ASSERT_NEAR(integral, n, 1e-4) << row.from << " " << row.to;
      arrival.advance(60);
    }
    EXPECT_NEAR(n, (row.from + row.to) / 2.0, 1.5);
    // Afterwards the rate is constant; a ramp to nothing ends.
    if (row.to == 0) {
      EXPECT_EQ(arrival.departure_ps(), kNever);
      continue;
    }
    const std::uint64_t first = arrival.departure_ps();
    for (int i = 0; i < 100'000; ++i) {
      arrival.advance(60);
    }
    EXPECT_NEAR(static_cast<double>(arrival.departure_ps() - first), 1e17 / row.to, 1.0);
  }
}

TEST(Arrival, StartsWhereItIsTold) {
  EXPECT_EQ(make(constant(1e6, RateSpec::Unit::pps), {60, 60}, 5'000'123).departure_ps(),
            5'000'123U);
}

// The slowest and the fastest rates stay in order and never wrap.
TEST(Arrival, ExtremeRatesNeitherWrapNorStandStill) {
  for (const auto kind :
       {RateSpec::Kind::constant, RateSpec::Kind::poisson, RateSpec::Kind::burst}) {
    for (const double rate : {1e-15, 1e-9, 1e-3, 1e12, 4e18}) {
      RateSpec spec = constant(rate, RateSpec::Unit::bps);
      spec.kind = kind;
      spec.on_ns = 1;
      spec.off_ns = 1'000'000'000'000;
      Arrival arrival = make(spec, {60, 65'535});
      std::uint64_t last = 0;
      for (int i = 0; i < 1000 && arrival.departure_ps() != kNever; ++i) {
        ASSERT_GE(arrival.departure_ps(), last);
        last = arrival.departure_ps();
        arrival.advance(65'535);
      }
    }
  }
}

}  // namespace
}  // namespace ringbed::gen
