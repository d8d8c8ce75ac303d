// Runs the table contract over every kind; jhash against published vectors; the chained table
// against the theory of hashing with chains.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "conformance/device/table_contract.hpp"
#include "device/jhash.hpp"

namespace ringbed::device {
namespace contract {

INSTANTIATE_TEST_SUITE_P(Kinds, TableContract, ::testing::ValuesIn(table_kinds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace contract

namespace {

// The driver of lookup3.c (Jenkins 2006) publishes hashlittle("Four score and seven years ago") for
// the initial values 0 and 1. Over bytes the state starts with the length in bytes, and the tail is
// padded with zeros; mix and final are the same.
std::uint32_t hash_text(const char* text, std::uint32_t seed) {
  const std::size_t length = std::strlen(text);
  std::vector<std::uint32_t> words((length + 3) / 4);
  std::copy_n(text, length, reinterpret_cast<char*>(words.data()));  // length may be 0
  return detail::jhash_core(words,
                            detail::kJhashInitial + static_cast<std::uint32_t>(length) + seed);
}

TEST(Jhash, MatchesThePublishedVectorsOfLookup3) {
  if constexpr (std::endian::native == std::endian::little) {
    EXPECT_EQ(hash_text("", 0), 0xdeadbeefU);
    EXPECT_EQ(hash_text("Four score and seven years ago", 0), 0x17770551U);
    EXPECT_EQ(hash_text("Four score and seven years ago", 1), 0xcd628161U);
  }
}

TEST(Jhash, ThreeWordsAreJhash2OfThreeWords) {
  base::Random random(1, "jhash");
  for (int i = 0; i < 100; ++i) {
    const auto a = static_cast<std::uint32_t>(random.next());
    const auto b = static_cast<std::uint32_t>(random.next());
    const auto c = static_cast<std::uint32_t>(random.next());
    const auto seed = static_cast<std::uint32_t>(random.next());
    const std::uint32_t words[] = {a, b, c};
    EXPECT_EQ(jhash_3words(a, b, c, seed), jhash_words(words, seed));
  }
}

ConnectionKey random_key(base::Random& random) {
  return ConnectionKey::v4(
      static_cast<std::uint32_t>(random.next()), static_cast<std::uint32_t>(random.next()),
      static_cast<std::uint16_t>(random.next()), static_cast<std::uint16_t>(random.next()), 6);
}

// n keys at random in m buckets, load = n/m (Knuth, TAOCP 3, 6.4): lengths are Poisson(load), a
// successful search looks at 1 + (n-1)/2m, an unsuccessful one at load.
TEST(ChainedTheory, ChainsArePoissonAndProbesFollow) {
  for (const auto& [n, m] : {std::pair{4096U, 1024U}, {20'000U, 10'007U}, {500U, 4096U}}) {
    const double load = static_cast<double>(n) / m;
    ConnectionsConfig config;
    config.buckets = m;
    config.capacity = n;
    config.idle_timeout_ns = 0;
    auto table = std::move(create_table(config)).value();
    base::Random random(n, "table.theory");
    std::vector<ConnectionKey> keys;
    for (std::uint32_t i = 0; i < n; ++i) {
      keys.push_back(random_key(random));
      ASSERT_NE(table->insert(keys.back(), 1), nullptr);
    }
    // Chi-squared of the lengths, cells of at least 5 expected.
    const std::vector<std::uint64_t> lengths = table->chain_lengths();
    double chi = 0;
    int cells = 0;
    double rest_expected = m;
    double rest_seen = m;
    double probability = std::exp(-load);
    for (std::size_t k = 0; rest_expected - m * probability >= 5; ++k) {
      const double seen = k < lengths.size() ? static_cast<double>(lengths[k]) : 0;
      const double expected = m * probability;
      if (expected >= 5) {
        chi += (seen - expected) * (seen - expected) / expected;
        rest_expected -= expected;
        rest_seen -= seen;
        ++cells;
      }
      probability *= load / static_cast<double>(k + 1);
    }
    chi += (rest_seen - rest_expected) * (rest_seen - rest_expected) / rest_expected;
    EXPECT_LT(chi, cells + 5 * std::sqrt(2.0 * cells)) << "n " << n << " m " << m;

    table->reset_stats();
    for (const ConnectionKey& key : keys) {
      ASSERT_NE(table->find(key, 1).connection, nullptr);
    }
    const auto mean = [&] {
      const ConnectionStats stats = table->stats();
      return static_cast<double>(stats.probes) / static_cast<double>(stats.lookups);
    };
    const double hit = 1 + (static_cast<double>(n) - 1) / (2.0 * m);
    EXPECT_NEAR(mean(), hit, 4 * std::sqrt(load / m) + 0.01);

    table->reset_stats();
    constexpr int kMisses = 20'000;
    for (int i = 0; i < kMisses; ++i) {
      ASSERT_EQ(table->find(random_key(random), 1).connection, nullptr);
    }
    EXPECT_NEAR(mean(), load, 5 * std::sqrt(load / kMisses) + 0.01);
  }
}

// The keyed hash spreads keys that are as alike as a port scan's, under any seed.
TEST(F14, SequentialKeysSpreadUnderEverySeed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ConnectionsConfig config;
    config.kind = "f14";
    config.capacity = 50'000;
    config.seed = seed;
    auto table = std::move(create_table(config)).value();
    for (std::uint32_t n = 0; n < 50'000; ++n) {
      ASSERT_NE(table->insert(contract::key_number(n), 1), nullptr);
    }
    EXPECT_LE(table->stats().max_chain, 4U) << seed;
    table->reset_stats();
    for (std::uint32_t n = 0; n < 50'000; ++n) {
      ASSERT_NE(table->find(contract::key_number(n), 1).connection, nullptr);
    }
    EXPECT_LT(static_cast<double>(table->stats().probes) / 50'000, 1.1) << seed;
  }
}

TEST(CreateTable, NamesWhatIsWrong) {
  ConnectionsConfig config;
  config.kind = "swiss";
  const auto made = create_table(config);
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().hint.find("f14"), std::string::npos);
}

}  // namespace
}  // namespace ringbed::device
