// The field tables against the bytes: what is written is read back, bits around stay, and no
// table describes bits twice or outside its header.
#include "wire/field.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/random.hpp"
#include "support/seed.hpp"
#include "wire/protocols.hpp"

namespace ringbed::wire {
namespace {

TEST(Field, WrittenIsReadAndTheBitsAroundStay) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.field");
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint16_t>(random.between(1, 64));
    const auto most = bits > 57 ? 0U : 7U;  // a field spans at most eight bytes
    const auto offset = static_cast<std::uint16_t>(8 * random.below(4) + random.between(0, most));
    const FieldSpec field{"f", offset, bits, FieldType::uint, true, ""};
    std::vector<std::uint8_t> header(16);
    for (auto& byte : header) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    const auto before = header;
    const std::uint64_t value = random.next() >> (64 - bits);
    write_field(field, header, value);
    ASSERT_EQ(read_field(field, header), value) << offset << '+' << bits;
    for (std::size_t bit = 0; bit < 128; ++bit) {
      if (bit < offset || bit >= static_cast<std::size_t>(offset) + bits) {
        ASSERT_EQ(header[bit / 8] >> (7 - bit % 8) & 1, before[bit / 8] >> (7 - bit % 8) & 1);
      }
    }
  }
}

TEST(Field, UnitsAreShownAndDividedOut) {
  const FieldRef ref = find_field("ipv4.fragmentOffset").value();
  std::vector<std::uint8_t> header(20);
  write_field(*ref.field, header, 1480);
  EXPECT_EQ(header[6] << 8 | header[7], 185);
  EXPECT_EQ(read_field(*ref.field, header), 1480U);
}

TEST(Protocols, TableIsSound) {
  std::set<std::string_view> names;
  std::vector<Key> keys;
  EXPECT_EQ(protocols()[0].name, "ethernet");
  for (const Protocol& protocol : protocols()) {
    SCOPED_TRACE(std::string(protocol.name));
    EXPECT_TRUE(names.insert(protocol.name).second);
    EXPECT_FALSE(protocol.text.empty());
    EXPECT_NE(protocol.dissect, nullptr);
    for (const Key key : protocol.keys) {
      if (key.space != Key::Space::none) {
        EXPECT_EQ(std::count(keys.begin(), keys.end(), key), 0) << key.value;
        keys.push_back(key);
        EXPECT_EQ(protocols()[find_protocol(key).value()].name, protocol.name);
      }
    }
    std::set<std::string_view> fields;
    std::size_t end = 0;
    for (const FieldSpec& field : protocol.fields) {
      EXPECT_TRUE(fields.insert(field.name).second) << field.name;
      EXPECT_FALSE(field.text.empty()) << field.name;
      EXPECT_GE(field.offset_bits + (field.bits == 0 ? 16U : 0U), end) << field.name << " overlaps";
      EXPECT_TRUE(field.bits > 0 || !field.settable) << field.name;
      end = std::max<std::size_t>(end, field.offset_bits + field.bits);
      if (is_number(field.type)) {
        EXPECT_LE(field.end_bytes() - field.offset_bytes(), 8U) << field.name;
      }
      const auto found = find_field(std::string(protocol.name) + "." + std::string(field.name));
      ASSERT_TRUE(found);
      EXPECT_EQ(found->field, &field);
    }
  }
  EXPECT_FALSE(find_field("udp"));
  EXPECT_FALSE(find_field("udp.nothing"));
  EXPECT_FALSE(find_field("nothing.srcPort"));
  EXPECT_FALSE(find_protocol(Key{}));
}

}  // namespace
}  // namespace ringbed::wire
