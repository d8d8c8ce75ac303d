#include "wire/toeplitz.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "base/random.hpp"
#include "support/seed.hpp"

namespace ringbed::wire {
namespace {

// The definition, bit by bit: for each set bit i of the input, the key's bits [i, i + 32).
std::uint32_t hash_by_definition(const Toeplitz::Key& key, std::span<const std::uint8_t> input) {
  std::uint32_t result = 0;
  for (std::size_t bit = 0; bit < 8 * input.size(); ++bit) {
    if ((input[bit / 8] >> (7 - bit % 8) & 1) == 0) {
      continue;
    }
    std::uint32_t window = 0;
    for (std::size_t i = bit; i < bit + 32; ++i) {
      const unsigned key_bit = i < 8 * key.size() ? key[i / 8] >> (7 - i % 8) & 1U : 0U;
      window = window << 1 | key_bit;
    }
    result ^= window;
  }
  return result;
}

TEST(Toeplitz, MicrosoftVerificationSuite) {
  std::ifstream file(RINGBED_SOURCE_DIR "/test/conformance/wire/toeplitz.txt");
  const Toeplitz toeplitz;
  int vectors = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) {
      continue;
    }
    std::istringstream words(line);
    std::string src;
    std::string dst;
    std::uint16_t src_port = 0;
    std::uint16_t dst_port = 0;
    std::uint32_t addresses = 0;
    std::uint32_t all = 0;
    words >> src >> src_port >> dst >> dst_port >> std::hex >> addresses >> all;
    ASSERT_TRUE(words) << line;
    if (const auto from = parse_ipv4(src)) {
      const auto to = parse_ipv4(dst).value();
      EXPECT_EQ(toeplitz.hash(*from, to), addresses) << line;
      EXPECT_EQ(toeplitz.hash(*from, to, src_port, dst_port), all) << line;
    } else {
      const auto from6 = parse_ipv6(src).value();
      const auto to6 = parse_ipv6(dst).value();
      EXPECT_EQ(toeplitz.hash(from6, to6), addresses) << line;
      EXPECT_EQ(toeplitz.hash(from6, to6, src_port, dst_port), all) << line;
    }
    ++vectors;
  }
  EXPECT_EQ(vectors, 8);
}

TEST(Toeplitz, SymmetricKeyHashesBothDirectionsAlike) {
  const Toeplitz toeplitz(Toeplitz::kSymmetricKey);
  const auto a = parse_ipv4("66.9.149.187").value();
  const auto b = parse_ipv4("161.142.100.80").value();
  EXPECT_EQ(toeplitz.hash(a, b, 2794, 1766), 0x9fcc9fccU);
  EXPECT_EQ(toeplitz.hash(b, a, 1766, 2794), 0x9fcc9fccU);
  const auto c = parse_ipv4("199.92.111.2").value();
  const auto d = parse_ipv4("65.69.140.83").value();
  EXPECT_EQ(toeplitz.hash(c, d, 14230, 4739), 0x60d760d7U);
  EXPECT_EQ(toeplitz.hash(d, c, 4739, 14230), 0x60d760d7U);
}

TEST(Toeplitz, TablesEqualTheDefinitionForAnyKeyAndInput) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.toeplitz");
  for (int i = 0; i < 50; ++i) {
    Toeplitz::Key key;
    for (auto& byte : key) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    const Toeplitz toeplitz(key);
    for (std::size_t length = 0; length <= Toeplitz::kMaxInputBytes; ++length) {
      std::vector<std::uint8_t> input(length);
      for (auto& byte : input) {
        byte = static_cast<std::uint8_t>(random.next());
      }
      ASSERT_EQ(toeplitz.hash(input), hash_by_definition(key, input)) << "length " << length;
    }
  }
}

}  // namespace
}  // namespace ringbed::wire
