#include "wire/checksum.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"
#include "support/bytes.hpp"
#include "support/seed.hpp"

namespace ringbed::wire {
namespace {

using test::from_hex;

// RFC 1071 section 1, word by word: what every other way of summing is held to.
std::uint16_t sum_by_definition(ByteView bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

std::vector<std::uint8_t> random_bytes(base::Random& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  // Mostly all-ones: the bytes that make carries.
  const bool ones = random.chance(0.3);
  for (auto& byte : bytes) {
    byte = ones && random.chance(0.95) ? 0xff : static_cast<std::uint8_t>(random.next());
  }
  return bytes;
}

TEST(Checksum, Rfc1071Example) {
  EXPECT_EQ(checksum(from_hex("0001f203f4f5f6f7")), 0x220d);
  EXPECT_EQ(sum(from_hex("0001f203f4f5f6f7")).folded(), 0xddf2);
}

TEST(Checksum, Ipv4HeaderExample) {
  EXPECT_EQ(checksum(from_hex("450000730000400040110000c0a80001c0a800c7")), 0xb861);
  EXPECT_TRUE(sum(from_hex("450000730000400040110000c0a80001c0a800c7")).folded() ==
              static_cast<std::uint16_t>(~0xb861));
  EXPECT_TRUE(sum(from_hex("45000073000040004011b861c0a80001c0a800c7")).verifies());
}

TEST(Checksum, NothingSumsToZeroAndChecksToAllOnes) {
  EXPECT_EQ(sum({}).folded(), 0);
  EXPECT_EQ(checksum({}), 0xffff);
}

TEST(Checksum, EveryImplementationEqualsTheDefinitionOnEveryLengthAndAlignment) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.checksum");
  const auto data = random_bytes(random, 2048 + 64);
  for (const SumImplementation& implementation : sum_implementations()) {
    if (!implementation.available) {
      std::printf("  %s: not on this CPU\n", implementation.name);
      continue;
    }
    SCOPED_TRACE(implementation.name);
    for (std::size_t length = 0; length <= 2048; ++length) {
      // Every alignment on the lengths where tails differ, a moving one elsewhere.
      const std::size_t first = length < 192 ? 0 : length % 64;
      const std::size_t last = length < 192 ? 63 : first;
      for (std::size_t at = first; at <= last; ++at) {
        const ByteView bytes(data.data() + at, length);
        ASSERT_EQ(PartialSum(implementation.sum(bytes.data(), length)).folded(),
                  sum_by_definition(bytes))
            << "length " << length << " at " << at;
      }
    }
  }
}

TEST(Checksum, EveryImplementationStaysInsideItsBytes) {
  base::Random random(test::seed(), "test.checksum.bounds");
  for (const SumImplementation& implementation : sum_implementations()) {
    for (std::size_t length = 1; implementation.available && length <= 300; ++length) {
      const auto bytes = test::exact_copy(random_bytes(random, length));
      EXPECT_EQ(PartialSum(implementation.sum(bytes.view().data(), length)).folded(),
                sum_by_definition(bytes.view()));
    }
  }
}

TEST(Checksum, EveryImplementationSumsMegabytesOfOnes) {
  // More than the SIMD lanes take at once: 4 MiB - 3 of 0xff.
  const std::vector<std::uint8_t> ones((4U << 20) - 3, 0xff);
  const std::uint16_t expected = sum_by_definition(ones);
  for (const SumImplementation& implementation : sum_implementations()) {
    if (implementation.available) {
      EXPECT_EQ(PartialSum(implementation.sum(ones.data(), ones.size())).folded(), expected)
          << implementation.name;
    }
  }
}

TEST(Checksum, PartsCombineAtAnyCut) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.checksum.parts");
  for (int i = 0; i < 2000; ++i) {
    const auto bytes = random_bytes(random, random.between(1, 400));
    const std::size_t cut = random.below(bytes.size() + 1);
    PartialSum total = sum(ByteView(bytes).first(cut));
    const PartialSum rest = sum(ByteView(bytes).subspan(cut));
    if (cut % 2 == 0) {
      total.add(rest);
    } else {
      total.add_at_odd(rest);
    }
    ASSERT_EQ(total.folded(), sum_by_definition(bytes)) << "cut at " << cut;
  }
}

TEST(Checksum, AddWordIsAWordInHostOrder) {
  PartialSum total;
  for (const std::uint16_t word :
       std::initializer_list<std::uint16_t>{0x0001, 0xf203, 0xf4f5, 0xf6f7}) {
    total.add_word(word);
  }
  EXPECT_EQ(total.finish(), 0x220d);
}

TEST(Checksum, FoldingKeepsCarries) {
  EXPECT_EQ(PartialSum(0xffff'ffff'ffff'ffffULL).folded_native(), 0xffff);
  EXPECT_EQ(PartialSum(0xffff'ffff'0000'0000ULL).folded_native(), 0xffff);
  EXPECT_EQ(PartialSum(0x0000'0001'ffff'ffffULL).folded_native(), 0x0001);
  EXPECT_EQ(PartialSum(0).folded_native(), 0);
  PartialSum wraps(0xffff'ffff'ffff'ffffULL);
  wraps.add_raw(2);
  EXPECT_EQ(wraps.raw(), 2U);
}

TEST(Checksum, Rfc1624IncrementalUpdate) {
  // RFC 1624 section 4; RFC 1141's form gives 0xffff.
  EXPECT_EQ(update_checksum(std::uint16_t{0xdd2f}, std::uint16_t{0x5555}, std::uint16_t{0x3285}),
            0x0000);
}

TEST(Checksum, IncrementalUpdateEqualsSummingAgain) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.checksum.update");
  for (int i = 0; i < 5000; ++i) {
    auto bytes = random_bytes(random, 40);
    bytes[0] = 0x45;  // a header is never all zero, where 0x0000 and 0xffff could not be told
    const std::uint16_t before = checksum(bytes);
    const std::size_t at = 2 * random.between(1, 18);
    const auto old16 = base::load_be<std::uint16_t>(bytes.data() + at);
    const auto old32 = base::load_be<std::uint32_t>(bytes.data() + at);
    if (random.chance(0.5)) {
      const auto value = static_cast<std::uint16_t>(random.next());
      base::store_be(bytes.data() + at, value);
      ASSERT_EQ(update_checksum(before, old16, value), checksum(bytes));
    } else {
      const auto value = static_cast<std::uint32_t>(random.next());
      base::store_be(bytes.data() + at, value);
      ASSERT_EQ(update_checksum(before, old32, value), checksum(bytes));
    }
  }
}

TEST(Checksum, PseudoHeadersEqualTheirBytes) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.checksum.pseudo");
  for (int i = 0; i < 1000; ++i) {
    const auto v4 = random_bytes(random, 8);
    const auto v6 = random_bytes(random, 32);
    const auto protocol = static_cast<std::uint8_t>(random.next());
    const auto length = static_cast<std::uint32_t>(random.below(65536));
    std::vector<std::uint8_t> header = v4;
    header.insert(header.end(), {0, protocol, static_cast<std::uint8_t>(length >> 8),
                                 static_cast<std::uint8_t>(length)});
    EXPECT_EQ(
        pseudo_sum(Ipv4Address::load(v4.data()), Ipv4Address::load(v4.data() + 4), protocol, length)
            .folded(),
        sum_by_definition(header));
    header = v6;
    header.insert(header.end(), {0, 0, static_cast<std::uint8_t>(length >> 8),
                                 static_cast<std::uint8_t>(length), 0, 0, 0, protocol});
    EXPECT_EQ(pseudo_sum(Ipv6Address::load(v6.data()), Ipv6Address::load(v6.data() + 16), protocol,
                         length)
                  .folded(),
              sum_by_definition(header));
  }
}

}  // namespace
}  // namespace ringbed::wire
