#include "gen/field_program.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "feed/nanonet.hpp"
#include "gen/size_program.hpp"
#include "wire/ipv4.hpp"

namespace ringbed::gen {
namespace {

using Kind = FieldProgramSpec::Kind;

constexpr wire::FieldSpec kPrice{"price", 64, 32, wire::FieldType::uint, true, ""};

FieldProgramSpec spec_of(Kind kind, std::uint64_t min = 0, std::uint64_t max = 0) {
  FieldProgramSpec spec;
  spec.field = "price";
  spec.kind = kind;
  spec.min = min;
  spec.max = max;
  return spec;
}

FieldProgram make(const FieldProgramSpec& spec, std::uint64_t seed = 1) {
  auto program = FieldProgram::create(spec, kPrice, false, seed, "test");
  if (!program) {
    throw std::runtime_error(program.error().message);
  }
  return std::move(program).value();
}

// Pearson's statistic of `counts` against `shares`, and its 0.1 % critical value by Wilson and
// Hilferty's approximation.
void expect_distribution(const std::map<std::uint64_t, std::uint64_t>& counts,
                         const std::map<std::uint64_t, double>& shares, double total) {
  double statistic = 0.0;
  std::uint64_t seen = 0;
  for (const auto& [value, share] : shares) {
    const auto found = counts.find(value);
    const double count = found == counts.end() ? 0.0 : static_cast<double>(found->second);
    const double expected = share * total;
    ASSERT_GE(expected, 5.0);
    statistic += (count - expected) * (count - expected) / expected;
    seen += found == counts.end() ? 0 : found->second;
  }
  EXPECT_EQ(seen, static_cast<std::uint64_t>(total)) << "a value outside the set";
  const double freedom = static_cast<double>(shares.size()) - 1.0;
  const double h = 2.0 / (9.0 * freedom);
  EXPECT_LT(statistic, freedom * std::pow(1.0 - h + 3.09 * std::sqrt(h), 3.0));
}

std::map<std::uint64_t, std::uint64_t> count(FieldProgram program, int draws) {
  std::map<std::uint64_t, std::uint64_t> counts;
  for (int i = 0; i < draws; ++i) {
    ++counts[program.next()];
  }
  return counts;
}

TEST(FieldProgram, ListGoesRound) {
  FieldProgramSpec spec = spec_of(Kind::list);
  spec.values = {{5, {}}, {9, {}}, {7, {}}};
  FieldProgram program = make(spec);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(program.next(), 5U);
    EXPECT_EQ(program.next(), 9U);
    EXPECT_EQ(program.next(), 7U);
  }
}

TEST(FieldProgram, IncrementWrapsToMin) {
  FieldProgramSpec spec = spec_of(Kind::increment, 10, 20);
  spec.step = 4;
  FieldProgram program = make(spec);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(program.next(), 10U);
    EXPECT_EQ(program.next(), 14U);
    EXPECT_EQ(program.next(), 18U);
  }
  FieldProgram whole = make(spec_of(Kind::increment, 0xfffffffe, 0xffffffff));
  EXPECT_EQ(whole.next(), 0xfffffffeU);
  EXPECT_EQ(whole.next(), 0xffffffffU);
  EXPECT_EQ(whole.next(), 0xfffffffeU);
}

TEST(FieldProgram, UniformIsUniform) {
  std::map<std::uint64_t, double> shares;
  for (std::uint64_t value = 9900; value <= 10100; ++value) {
    shares[value] = 1.0 / 201.0;
  }
  expect_distribution(count(make(spec_of(Kind::uniform, 9900, 10100), 11), 500'000), shares,
                      500'000);
}

TEST(FieldProgram, ZipfFollowsItsLaw) {
  for (const double exponent : {0.0, 0.5, 1.0, 1.3, 2.0}) {
    FieldProgramSpec spec = spec_of(Kind::zipf, 100, 149);
    spec.exponent = exponent;
    double harmonic = 0.0;
    for (int rank = 1; rank <= 50; ++rank) {
      harmonic += std::pow(rank, -exponent);
    }
    std::map<std::uint64_t, double> shares;
    for (std::uint64_t rank = 1; rank <= 50; ++rank) {
      shares[99 + rank] = std::pow(static_cast<double>(rank), -exponent) / harmonic;
    }
    expect_distribution(count(make(spec, 12), 1'000'000), shares, 1'000'000);
  }
}

TEST(FieldProgram, ZipfOverAMillionValues) {
  FieldProgramSpec spec = spec_of(Kind::zipf, 0, 999'999);
  FieldProgram program = make(spec, 13);
  EXPECT_LE(program.memory_bytes(), 8'000'000U);
  std::uint64_t first = 0;
  std::uint64_t upper_half = 0;
  constexpr int kDraws = 1'000'000;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = program.next();
    ASSERT_LT(value, 1'000'000U);
    first += value == 0 ? 1 : 0;
    upper_half += value >= 500'000 ? 1 : 0;
  }
  const double harmonic = std::log(1e6) + 0.5772156649;
  EXPECT_NEAR(static_cast<double>(first) / kDraws, 1.0 / harmonic, 0.001);
  EXPECT_NEAR(static_cast<double>(upper_half) / kDraws, std::log(2.0) / harmonic, 0.001);
}

TEST(FieldProgram, ChoiceFollowsItsWeights) {
  FieldProgramSpec spec = spec_of(Kind::choice);
  spec.values = {{1, {}}, {2, {}}, {3, {}}, {4, {}}};
  spec.weights = {7, 0, 4, 1};
  const auto counts = count(make(spec, 14), 600'000);
  EXPECT_FALSE(counts.contains(2));
  expect_distribution(counts, {{1, 7.0 / 12}, {3, 4.0 / 12}, {4, 1.0 / 12}}, 600'000);
}

TEST(FieldProgram, WalkStepsAreGaussianInsideAndReflectedAtTheEnds) {
  FieldProgramSpec spec = spec_of(Kind::walk, 0, 1ULL << 31);
  spec.start = 1ULL << 30;
  spec.sigma = 500.0;
  FieldProgram program = make(spec, 15);
  double before = static_cast<double>(program.next());
  EXPECT_EQ(before, static_cast<double>(spec.start));
  double sum = 0.0;
  double squares = 0.0;
  int within = 0;
  constexpr int kSteps = 200'000;
  for (int i = 0; i < kSteps; ++i) {
    const auto now = static_cast<double>(program.next());
    sum += now - before;
    squares += (now - before) * (now - before);
    within += std::abs(now - before) < 500.0 ? 1 : 0;
    before = now;
  }
  EXPECT_NEAR(sum / kSteps, 0.0, 4.0 * 500.0 / std::sqrt(static_cast<double>(kSteps)));
  EXPECT_NEAR(std::sqrt(squares / kSteps), 500.0, 5.0);
  EXPECT_NEAR(static_cast<double>(within) / kSteps, 0.6827, 0.005);

  // Reflected in a narrow band, the walk is uniform in the long run.
  spec = spec_of(Kind::walk, 1000, 1009);
  spec.start = 1000;
  spec.sigma = 40.0;
  std::map<std::uint64_t, std::uint64_t> counts = count(make(spec, 16), 400'000);
  EXPECT_EQ(counts.begin()->first, 1000U);
  EXPECT_EQ(counts.rbegin()->first, 1009U);
  for (std::uint64_t value = 1001; value <= 1008; ++value) {  // the ends get half by rounding
    EXPECT_NEAR(static_cast<double>(counts[value]), 400'000.0 / 9.0, 1500.0) << value;
  }
  EXPECT_NEAR(static_cast<double>(counts[1000]), 400'000.0 / 18.0, 1200.0);

  spec.max = spec.min;
  FieldProgram still = make(spec);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(still.next(), 1000U);
  }
}

TEST(FieldProgram, ValuesTakeTheFieldsOwnPadding) {
  constexpr auto symbol = feed::MarketData::kFields[0];
  const auto number = to_number({0, {'I', 'B', 'M'}}, symbol, false, "x");
  ASSERT_TRUE(number.ok());
  EXPECT_EQ(number.value(), 0x49424d2020202020ULL);
  // Bytes of a number stand on the wire as they are, also in a little-endian payload.
  EXPECT_EQ(to_number({0, {1, 2, 3, 4}}, kPrice, true, "x").value(), 0x04030201U);
  EXPECT_EQ(to_number({0, {1, 2, 3, 4}}, kPrice, false, "x").value(), 0x01020304U);
  EXPECT_FALSE(to_number({0, {1, 2, 3}}, kPrice, false, "x").ok());
}

TEST(SizeProgram, ImixIsSevenFourOne) {
  auto program = SizeProgram::create(imix(), 60, 65'549, 17, "test");
  ASSERT_TRUE(program.ok());
  std::map<std::uint64_t, std::uint64_t> counts;
  for (int i = 0; i < 600'000; ++i) {
    ++counts[program.value().next()];
  }
  expect_distribution(counts, {{60, 7.0 / 12}, {590, 4.0 / 12}, {1514, 1.0 / 12}}, 600'000);
}

TEST(SizeProgram, UniformCoversItsRange) {
  SizeSpec spec{SizeSpec::Kind::uniform, {}, {}, 60, 99};
  auto program = SizeProgram::create(spec, 60, 65'549, 18, "test");
  ASSERT_TRUE(program.ok());
  std::map<std::uint64_t, std::uint64_t> counts;
  std::map<std::uint64_t, double> shares;
  for (std::uint64_t size = 60; size <= 99; ++size) {
    shares[size] = 1.0 / 40.0;
  }
  for (int i = 0; i < 200'000; ++i) {
    ++counts[program.value().next()];
  }
  expect_distribution(counts, shares, 200'000);
}

}  // namespace
}  // namespace ringbed::gen
