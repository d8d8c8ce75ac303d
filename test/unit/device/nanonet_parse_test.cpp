// Every rule that makes the nanonet device drop or bypass a frame, each with the frame that breaks
// it and a neighbour that does not.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "base/random.hpp"
#include "device/devices.hpp"
#include "device/packet.hpp"
#include "device/pools.hpp"
#include "frames.hpp"

namespace ringbed::device {
namespace {

using base::Reason;
using base::Stage;
using testing::Bytes;
using testing::ip;
using testing::Request;

struct Rule {
  const char* name;
  Stage stage;
  Reason reason;  // none: bypassed
  std::function<Bytes()> frame;
  bool tcp = false;

  friend std::ostream& operator<<(std::ostream& out, const Rule& rule) { return out << rule.name; }
};

Bytes mended(Bytes frame, std::size_t offset, std::uint8_t value) {
  frame[offset] = value;
  base::store_be(frame.data() + 24, std::uint16_t{0});
  base::store_be(frame.data() + 24, wire::checksum(base::ByteView(frame).subspan(14, 20)));
  return frame;
}

Bytes with(Bytes frame, std::size_t offset, std::uint8_t value) {
  frame[offset] = value;
  return frame;
}

Bytes cut(Bytes frame, std::size_t length) {
  frame.resize(length);
  return frame;
}

// The transport header begins at `start`, its checksum is at `field`: what a kernel puts there that
// leaves the rest to its NIC. A whole checksum is the complement of the pseudo-header and the rest.
Bytes partial(Bytes frame, std::size_t start, std::size_t field) {
  const auto whole = base::load_be<std::uint16_t>(frame.data() + field);
  base::store_be(frame.data() + field, std::uint16_t{0});
  wire::PartialSum pseudo;
  pseudo.add_word(static_cast<std::uint16_t>(~whole));
  pseudo.add_word(wire::checksum(base::ByteView(frame).subspan(start)));
  base::store_be(frame.data() + field, pseudo.folded());
  return frame;
}

Request v6_request() {
  Request request;
  request.source = ip("2001:db8::1");
  request.destination = ip("2001:db8::2");
  return request;
}

Request tcp_request() {
  Request request;
  request.protocol = 6;
  return request;
}

// Changes and mends nothing but what the lambda does.
template <typename Change>
std::function<Bytes()> request(Change change, Request start = {}) {
  return [=] {
    Request copy = start;
    change(copy);
    return copy.frame();
  };
}

// A UDP datagram behind one extension header of 8 bytes.
Bytes v6_behind(std::uint8_t extension, std::uint8_t second_byte, std::uint16_t rest) {
  Bytes frame = v6_request().frame();
  frame[14 + 6] = extension;
  base::store_be(frame.data() + 14 + 4,
                 static_cast<std::uint16_t>(base::load_be<std::uint16_t>(frame.data() + 18) + 8));
  Bytes header{17, second_byte, 0, 0, 1, 0, 0, 0};
  base::store_be(header.data() + 2, rest);
  if (extension == wire::ip_protocol::kDestination) {
    header[2] = 1;  // PadN, 4 bytes
    header[3] = 4;
    header[4] = 0;
  }
  frame.insert(frame.begin() + 54, header.begin(), header.end());
  return frame;
}

const Rule kRules[] = {
    // parse: Ethernet and VLAN
    {"empty", Stage::parse, Reason::ethernet_truncated, [] { return Bytes{}; }},
    {"ethernet_13", Stage::parse, Reason::ethernet_truncated,
     [] { return cut(Request{}.frame(), 13); }},
    {"length_past_frame", Stage::parse, Reason::ethernet_length,
     [] { return with(with(Request{}.frame(), 12, 5), 13, 0); }},
    {"802_3", Stage::parse, Reason::none,
     [] { return with(with(Request{}.frame(), 12, 0), 13, 20); }},
    {"arp", Stage::parse, Reason::none, [] { return with(Request{}.frame(), 13, 6); }},
    {"vlan_cut", Stage::parse, Reason::vlan_truncated,
     [] {
       Request r;
       r.vlans = {7};
       return cut(r.frame(), 17);
     }},
    {"three_vlans", Stage::parse, Reason::vlan_depth, request([](Request& r) {
       r.vlans = {1, 2, 3};
     })},
    // parse: IPv4
    {"ip_cut", Stage::parse, Reason::ip_truncated, [] { return cut(Request{}.frame(), 14 + 19); }},
    {"ip_version", Stage::parse, Reason::ip_version,
     [] { return mended(Request{}.frame(), 14, 0x65); }},
    {"ip_ihl_4", Stage::parse, Reason::ip_header_length,
     [] { return mended(Request{}.frame(), 14, 0x44); }},
    {"ip_ihl_15", Stage::parse, Reason::ip_header_length,
     [] {
       Request r;
       r.payload.clear();
       return mended(r.frame(), 14, 0x4f);
     }},
    {"ip_length_past_frame", Stage::parse, Reason::ip_total_length,
     [] { return mended(Request{}.frame(), 16, 1); }},
    {"ip_length_below_header", Stage::parse, Reason::ip_total_length,
     [] { return mended(Request{}.frame(), 17, 19); }},
    {"ip_checksum", Stage::parse, Reason::ip_checksum,
     [] { return with(Request{}.frame(), 24, 0); }},
    {"ip_options_bad", Stage::parse, Reason::ip_options, request([](Request& r) {
       r.ip_options = {0x94, 9, 0, 0};
     })},
    // parse: IPv6
    {"v6_cut", Stage::parse, Reason::ipv6_truncated, [] { return cut(v6_request().frame(), 53); }},
    {"v6_version", Stage::parse, Reason::ipv6_version,
     [] { return with(v6_request().frame(), 14, 0x50); }},
    {"v6_length", Stage::parse, Reason::ipv6_payload_length,
     [] { return with(v6_request().frame(), 18, 1); }},
    {"v6_extension", Stage::parse, Reason::ipv6_extension,
     [] { return v6_behind(wire::ip_protocol::kDestination, 30, 0); }},
    // parse: transport, only of what is for us
    {"udp_cut", Stage::parse, Reason::udp_truncated,
     [] { return mended(Request{}.frame(), 17, 27); }},
    {"udp_length_7", Stage::parse, Reason::udp_length,
     [] { return with(Request{}.frame(), 39, 7); }},
    {"udp_length_past", Stage::parse, Reason::udp_length,
     [] { return with(Request{}.frame(), 39, 200); }},
    {"udp_checksum", Stage::parse, Reason::udp_checksum,
     [] { return with(Request{}.frame(), 50, 'Z'); }},
    {"v6_udp_checksum", Stage::parse, Reason::udp_checksum,
     [] { return with(v6_request().frame(), 70, 'Z'); }},
    {"udp_checksum_partial", Stage::parse, Reason::checksum_partial,
     [] { return partial(Request{}.frame(), 34, 40); }},
    {"v6_udp_checksum_partial", Stage::parse, Reason::checksum_partial,
     [] { return partial(v6_request().frame(), 54, 60); }},
    {"v6_udp_no_checksum", Stage::parse, Reason::udp_checksum_zero,
     request([](Request& r) { r.udp_checksum = false; }, v6_request())},
    {"tcp_cut", Stage::parse, Reason::tcp_truncated,
     [] { return mended(tcp_request().frame(), 17, 39); }, true},
    // As captures show TCP before segmentation offload, and decode takes it: no length, no packet.
    {"tcp_total_length_0", Stage::parse, Reason::ip_total_length,
     [] { return mended(tcp_request().frame(), 17, 0); }, true},
    {"v6_tcp_payload_length_0", Stage::parse, Reason::tcp_truncated,
     [] {
       Request r = v6_request();
       r.protocol = wire::ip_protocol::kTcp;
       return with(with(r.frame(), 18, 0), 19, 0);
     },
     true},
    {"tcp_offset_4", Stage::parse, Reason::tcp_data_offset,
     [] { return with(tcp_request().frame(), 46, 0x40); }, true},
    {"tcp_offset_past", Stage::parse, Reason::tcp_data_offset,
     [] { return with(tcp_request().frame(), 46, 0xf0); }, true},
    {"tcp_options_bad", Stage::parse, Reason::tcp_options,
     request(
         [](Request& r) {
           r.tcp_options = {8, 10, 0, 0};
         },
         tcp_request()),
     true},
    {"tcp_checksum", Stage::parse, Reason::tcp_checksum,
     [] { return with(tcp_request().frame(), 60, 'Z'); }, true},
    {"tcp_checksum_partial", Stage::parse, Reason::checksum_partial,
     [] { return partial(tcp_request().frame(), 34, 50); }, true},
    // validate
    {"source_zero", Stage::validate, Reason::ip_source_zero,
     request([](Request& r) { r.source = ip("0.0.0.0"); })},
    {"source_multicast", Stage::validate, Reason::ip_source_invalid,
     request([](Request& r) { r.source = ip("239.1.1.1"); })},
    {"source_broadcast", Stage::validate, Reason::ip_source_invalid,
     request([](Request& r) { r.source = ip("255.255.255.255"); })},
    {"source_zero_of_others", Stage::validate, Reason::ip_source_zero, request([](Request& r) {
       r.source = ip("0.0.0.0");
       r.destination = ip("255.255.255.255");
     })},
    {"ttl_zero", Stage::validate, Reason::ip_ttl_zero, request([](Request& r) { r.ttl = 0; })},
    {"v6_source_zero", Stage::validate, Reason::ip_source_zero,
     request([](Request& r) { r.source = ip("::"); }, v6_request())},
    {"v6_source_multicast", Stage::validate, Reason::ip_source_invalid,
     request([](Request& r) { r.source = ip("ff02::1"); }, v6_request())},
    {"v6_hop_limit_zero", Stage::validate, Reason::ip_ttl_zero,
     request([](Request& r) { r.ttl = 0; }, v6_request())},
    {"v6_address_probe", Stage::match, Reason::none,
     request(
         [](Request& r) {
           r.source = ip("::");
           r.protocol = wire::ip_protocol::kIcmpv6;
         },
         v6_request())},
    {"first_fragment", Stage::validate, Reason::ip_fragment,
     request([](Request& r) { r.more_fragments = true; })},
    {"later_fragment", Stage::validate, Reason::ip_fragment,
     request([](Request& r) { r.fragment_offset = 1480; })},
    {"v6_fragment", Stage::validate, Reason::ip_fragment,
     [] { return v6_behind(wire::ip_protocol::kFragment, 0, 0x0001); }},
    {"tcp_no_flags", Stage::validate, Reason::tcp_flags,
     request([](Request& r) { r.tcp_flags = 0; }, tcp_request()), true},
    {"tcp_syn_fin", Stage::validate, Reason::tcp_flags,
     request([](Request& r) { r.tcp_flags = 3; }, tcp_request()), true},
    {"tcp_fin_alone", Stage::validate, Reason::tcp_flags,
     request([](Request& r) { r.tcp_flags = 1; }, tcp_request()), true},
    // match
    {"other_address", Stage::match, Reason::none,
     request([](Request& r) { r.destination = ip("10.0.0.3"); })},
    {"other_port", Stage::match, Reason::none,
     request([](Request& r) { r.destination_port = 8081; })},
    {"other_protocol", Stage::match, Reason::none, request([](Request& r) { r.protocol = 6; })},
    {"group_not_joined", Stage::match, Reason::none,
     request([](Request& r) { r.destination = ip("239.1.1.1"); })},
    {"other_v6_address", Stage::match, Reason::none,
     request([](Request& r) { r.destination = ip("2001:db8::3"); }, v6_request())},
    {"fragment_of_others", Stage::match, Reason::none, request([](Request& r) {
       r.destination = ip("10.0.0.3");
       r.more_fragments = true;
     })},
    {"bad_checksum_of_others", Stage::match, Reason::none,
     [] {
       Request r;
       r.destination_port = 8081;
       return with(r.frame(), 50, 'Z');
     }},
    {"bad_transport_of_others", Stage::match, Reason::none,
     [] {
       Request r;
       r.destination = ip("10.0.0.3");
       return with(r.frame(), 39, 7);
     }},
    // decide
    {"payload_23", Stage::decide, Reason::payload_truncated,
     request([](Request& r) { r.payload.resize(23); })},
    {"payload_none", Stage::decide, Reason::payload_truncated,
     request([](Request& r) { r.payload.clear(); })},
    {"payload_symbol", Stage::decide, Reason::payload_malformed,
     request([](Request& r) { r.payload[1] = 0x07; })},
};

class NanonetRules : public ::testing::TestWithParam<Rule> {};

TEST_P(NanonetRules, TheFrameEndsWhereItShould) {
  const Rule& rule = GetParam();
  const Bytes frame = rule.frame();
  DeviceConfig config = rule.tcp ? testing::tcp_config() : testing::unicast_config();
  if (frame.size() > 14 && frame[12] == 0x86) {
    config.address.ip = config.target.ip = ip("2001:db8::2");
    config.respond_to.ip = ip("2001:db8::9");
  }
  auto pool = std::move(create_pool({})).value();
  auto device = std::move(create_device(config, *pool, 0)).value();
  const Verdict verdict = device->process(frame, 1);
  EXPECT_EQ(verdict.outcome, rule.reason == Reason::none ? Outcome::bypassed : Outcome::dropped);
  EXPECT_EQ(base::to_string(verdict.stage), base::to_string(rule.stage));
  EXPECT_EQ(base::to_string(verdict.reason), base::to_string(rule.reason));
  EXPECT_TRUE(device->response(verdict).empty());

  const DeviceStats stats = device->stats();
  EXPECT_EQ(stats.in, 1U);
  EXPECT_EQ(stats.processed, 0U);
  EXPECT_EQ(stats.bypassed, rule.reason == Reason::none ? 1U : 0U);
  EXPECT_EQ(stats.dropped(rule.stage, rule.reason), rule.reason == Reason::none ? 0U : 1U);
  const auto stage = static_cast<std::size_t>(rule.stage);
  EXPECT_EQ(stats.stage_in[stage], 1U);
  EXPECT_EQ(stats.stage_out[stage], 0U);
  EXPECT_EQ(pool->stats().gets, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, NanonetRules, ::testing::ValuesIn(kRules),
                         [](const auto& row) { return std::string(row.param.name); });

// The frames that the rules start from are good, or the suite above would prove little.
TEST(NanonetRulesBase, TheUnbrokenFramesAreAnswered) {
  auto pool = std::move(create_pool({})).value();
  auto udp = std::move(create_device(testing::unicast_config(), *pool, 0)).value();
  EXPECT_EQ(udp->process(Request{}.frame(), 1).outcome, Outcome::responded);
  Request options;
  options.ip_options = {1, 1, 1, 0};
  EXPECT_EQ(udp->process(options.frame(), 1).outcome, Outcome::responded);
  Request routed;  // by a source route: ours is not its last address
  routed.ip_options = {131, 7, 4, 10, 0, 0, 9, 0};
  EXPECT_EQ(udp->process(routed.frame(), 1).outcome, Outcome::bypassed);
  routed.ip_options[2] = 8;  // used up
  EXPECT_EQ(udp->process(routed.frame(), 1).outcome, Outcome::responded);
  Request unsummed;
  unsummed.udp_checksum = false;
  EXPECT_EQ(udp->process(unsummed.frame(), 1).outcome, Outcome::responded);
  Bytes padded = Request{}.frame();
  padded.resize(padded.size() + 9, 0xee);
  EXPECT_EQ(udp->process(padded, 1).outcome, Outcome::responded);
  Request longer;
  longer.payload.resize(100, 0x20);
  EXPECT_EQ(udp->process(longer.frame(), 1).outcome, Outcome::responded);

  DeviceConfig on_veth = testing::unicast_config();
  on_veth.partial_checksums = true;
  auto trusting = std::move(create_device(on_veth, *pool, 0)).value();
  EXPECT_EQ(trusting->process(partial(Request{}.frame(), 34, 40), 1).outcome, Outcome::responded);
  EXPECT_EQ(trusting->process(with(Request{}.frame(), 50, 'Z'), 1).reason, Reason::udp_checksum);

  DeviceConfig v6 = testing::unicast_config();
  v6.target.ip = ip("2001:db8::2");
  v6.respond_to.ip = {};
  auto device = std::move(create_device(v6, *pool, 0)).value();
  EXPECT_EQ(device->process(v6_request().frame(), 1).outcome, Outcome::responded);
  EXPECT_EQ(device->process(v6_behind(wire::ip_protocol::kDestination, 0, 0), 1).outcome,
            Outcome::responded);
  // An atomic fragment (RFC 6946) is a whole packet.
  EXPECT_EQ(device->process(v6_behind(wire::ip_protocol::kFragment, 0, 0), 1).outcome,
            Outcome::responded);
}

// The fast half takes only what the checked views would let through, and says the same of it.
TEST(NanonetRulesBase, PlainPacketsAreParsedAsTheViewsDo) {
  base::Random random(11, "device.test.plain");
  for (const bool tcp : {false, true}) {
    const PacketParser parser(tcp ? testing::tcp_config() : testing::unicast_config());
    int plain_count = 0;
    for (int i = 0; i < 60'000; ++i) {
      Request start;
      start.protocol = tcp ? 6 : 17;
      start.payload.resize(random.below(200));
      Bytes frame = start.frame();
      for (std::uint64_t change = random.below(3); change > 0; --change) {
        frame[random.below(frame.size())] = static_cast<std::uint8_t>(random.next());
      }
      if (random.below(8) == 0) {
        frame.resize(random.below(frame.size() + 20));
      }
      Packet plain;
      Packet any;
      if (parser.parse_plain(frame, plain)) {
        ++plain_count;
        ASSERT_EQ(parser.parse_any(frame, any).outcome, Outcome::processed);
        ASSERT_EQ(plain.key, any.key);
        ASSERT_EQ(plain.payload.size(), any.payload.size());
        ASSERT_TRUE(plain.payload.empty() || plain.payload.data() == any.payload.data());
        ASSERT_EQ(plain.ip_offset, any.ip_offset);
        ASSERT_EQ(plain.tcp_flags, any.tcp_flags);
        ASSERT_EQ(plain.tcp_seq, any.tcp_seq);
        ASSERT_EQ(plain.tcp_ack, any.tcp_ack);
      }
    }
    EXPECT_GT(plain_count, 15'000);
  }
}

TEST(NanonetRulesBase, WithoutVerificationWrongChecksumsPass) {
  DeviceConfig config = testing::unicast_config();
  config.verify_checksums = false;
  auto pool = std::move(create_pool({})).value();
  auto device = std::move(create_device(config, *pool, 0)).value();
  EXPECT_EQ(device->process(with(Request{}.frame(), 24, 0), 1).outcome, Outcome::responded);
  EXPECT_EQ(device->process(with(Request{}.frame(), 42, 'Z'), 1).outcome, Outcome::responded);
}

}  // namespace
}  // namespace ringbed::device
