#include "wire/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/seed.hpp"

namespace ringbed::wire {
namespace {

TEST(Address, MulticastMacKeepsTheLow23BitsOfAnIpv4Group) {
  EXPECT_EQ(to_string(multicast_mac(parse_ipv4("239.1.1.1").value())), "01:00:5e:01:01:01");
  // Bit 23 is dropped: 32 groups share a MAC address.
  EXPECT_EQ(multicast_mac(parse_ipv4("224.129.1.1").value()),
            multicast_mac(parse_ipv4("239.1.1.1").value()));
  EXPECT_EQ(to_string(multicast_mac(parse_ipv4("233.54.12.111").value())), "01:00:5e:36:0c:6f");
}

TEST(Address, MulticastMacKeepsTheLow32BitsOfAnIpv6Group) {
  EXPECT_EQ(to_string(multicast_mac(parse_ipv6("ff02::1:ff12:3456").value())), "33:33:ff:12:34:56");
}

TEST(Address, Kinds) {
  EXPECT_TRUE(parse_ipv4("224.0.0.0")->is_multicast());
  EXPECT_TRUE(parse_ipv4("239.255.255.255")->is_multicast());
  EXPECT_FALSE(parse_ipv4("240.0.0.0")->is_multicast());
  EXPECT_FALSE(parse_ipv4("223.255.255.255")->is_multicast());
  EXPECT_TRUE(parse_ipv4("255.255.255.255")->is_broadcast());
  EXPECT_TRUE(parse_mac("ff:ff:ff:ff:ff:ff")->is_broadcast());
  EXPECT_TRUE(parse_mac("01:00:5e:00:00:01")->is_group());
  EXPECT_FALSE(parse_mac("02:00:00:00:00:01")->is_group());
  EXPECT_TRUE(parse_ipv6("ff02::1")->is_multicast());
  EXPECT_TRUE(parse_ipv6("::")->is_unspecified());
}

TEST(Address, BadTextIsRefused) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "a.b.c.d",
                           "1..2.3", "-1.2.3.4"}) {
    EXPECT_FALSE(parse_ipv4(text)) << text;
  }
  for (const char* text : {"", "02:00:00:00:00", "02:00:00:00:00:0g", "02-00-00-00-00-01",
                           "02:00:00:00:00:01:02", "2:0:0:0:0:1"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
  for (const char* text : {"", ":", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9"}) {
    EXPECT_FALSE(parse_ipv6(text)) << text;
  }
  EXPECT_FALSE(parse_ipv6(std::string_view("::1\0", 4)));
}

TEST(Address, Ipv6TextAfterRfc5952) {
  for (const char* text :
       {"::", "::1", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1",
        "2001:db8::1:0:0:1", "::ffff:192.0.2.1", "fe80::200:f8ff:fe21:67cf", "1:2:3:4:5:6:7:8",
        "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:0"}) {
    const auto ip = parse_ipv6(text).value();
    const std::string canonical = std::string(text) == "::2:3:4:5:6:7:8" ? "0:2:3:4:5:6:7:8" : text;
    EXPECT_EQ(to_string(ip), canonical);
  }
  EXPECT_EQ(to_string(parse_ipv6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").value()).size(),
            kIpv6TextBytes);
}

TEST(Address, TextComesBackAsTheSameAddress) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.address");
  for (int i = 0; i < 5000; ++i) {
    Ipv6Address ip6;
    for (auto& byte : ip6.bytes) {
      byte = random.chance(0.6) ? 0 : static_cast<std::uint8_t>(random.next());
    }
    ASSERT_EQ(parse_ipv6(to_string(ip6)), ip6) << to_string(ip6);
    const Ipv4Address ip4{static_cast<std::uint32_t>(random.next())};
    ASSERT_EQ(parse_ipv4(to_string(ip4)), ip4);
    char text[INET_ADDRSTRLEN];
    const std::uint32_t be = htonl(ip4.value);
    ASSERT_EQ(to_string(ip4), inet_ntop(AF_INET, &be, text, sizeof text));
    MacAddress mac;
    for (auto& byte : mac.bytes) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    ASSERT_EQ(parse_mac(to_string(mac)), mac);
  }
}

}  // namespace
}  // namespace ringbed::wire
