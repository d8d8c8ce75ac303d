// What the emitters build, the views and the dissector read back; and whatever is done to the
// bytes then, nothing reads outside them (heap blocks of exactly their size, under ASan).
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/bytes.hpp"
#include "support/frames.hpp"
#include "support/seed.hpp"
#include "wire/arp.hpp"
#include "wire/dissect.hpp"
#include "wire/ipv6_extension.hpp"

namespace ringbed::wire {
namespace {

using test::BuiltFrame;

class RoundTrip : public ::testing::Test {
 protected:
  base::Random random{test::seed(), "test.round_trip"};
  ::testing::ScopedTrace trace{__FILE__, __LINE__, test::seed_trace()};
};

TEST_F(RoundTrip, EveryBuiltFrameIsSoundAndSaysWhatWasBuilt) {
  for (int i = 0; i < 20000; ++i) {
    const BuiltFrame built = test::build_frame(random);
    const auto frame = test::exact_copy(built.bytes);
    Dissection dissection;
    dissect(frame.view(), static_cast<std::uint32_t>(built.bytes.size()), dissection);
    std::string line;
    print_json(dissection, frame.view(), 1, 0, line);
    ASSERT_EQ(dissection.verdict, Verdict::ok) << line;
    std::vector<std::string_view> names;
    for (const Layer& layer : dissection.layers()) {
      names.push_back(protocols()[layer.protocol].name);
    }
    ASSERT_EQ(names, built.layers) << line;
    ASSERT_EQ(dissection.payload_length, built.payload_bytes) << line;
    // Every checksum that was computed is right, none is left unjudged.
    ASSERT_EQ(line.find("\"checksumOk\":false"), std::string::npos) << line;
    ASSERT_EQ(line.find("\"checksumOk\":null") != std::string::npos, built.unsummed) << line;
  }
}

TEST_F(RoundTrip, AnyFlippedBitUnderAChecksumIsNoticed) {
  int noticed = 0;
  for (int i = 0; i < 5000; ++i) {
    BuiltFrame built = test::build_frame(random);
    if (built.unsummed || built.transport_offset == 0) {
      continue;
    }
    // From the transport header to the end of its payload everything is summed.
    const std::size_t at = random.between(built.transport_offset, built.summed_end - 1);
    built.bytes[at] = static_cast<std::uint8_t>(built.bytes[at] ^ 1U << random.below(8));
    Dissection dissection;
    dissect(built.bytes, static_cast<std::uint32_t>(built.bytes.size()), dissection);
    std::string line;
    print_json(dissection, built.bytes, 1, 0, line);
    // A UDP checksum that became 0 says "not computed": the one flip that IPv4 cannot notice.
    if (line.find("\"checksum\":0,\"checksumOk\":null") == std::string::npos) {
      ASSERT_EQ(dissection.verdict, Verdict::malformed) << at << ' ' << line;
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 3000);
}

TEST_F(RoundTrip, CutAnywhereACaptureIsIncompleteNotMalformed) {
  for (int i = 0; i < 400; ++i) {
    const BuiltFrame built = test::build_frame(random);
    for (std::size_t length = 0; length < built.bytes.size(); ++length) {
      const auto cut = test::exact_copy(base::ByteView(built.bytes).first(length));
      Dissection dissection;
      dissect(cut.view(), static_cast<std::uint32_t>(built.bytes.size()), dissection);
      ASSERT_EQ(dissection.verdict, Verdict::incomplete) << length;
      ASSERT_EQ(dissection.problems().size(), 1U);
      ASSERT_EQ(dissection.problems()[0].rule, Reason::capture_truncated);
      std::string line;
      print_json(dissection, cut.view(), 1, 0, line);
      ASSERT_EQ(line.find("\"checksumOk\":false"), std::string::npos) << line;
    }
  }
}

TEST_F(RoundTrip, MutatedAndCutFramesAreReadInsideTheirBytes) {
  constexpr std::uint16_t kOthers[] = {link_type::kRawIp, link_type::kLinuxSll,
                                       link_type::kLinuxSll2, link_type::kNull, link_type::kLoop};
  for (int i = 0; i < 50000; ++i) {
    BuiltFrame built = test::build_frame(random);
    auto& bytes = built.bytes;
    for (std::uint64_t n = random.below(6); n > 0; --n) {
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.next());
    }
    const std::size_t wire_length = bytes.size() + random.below(3) * random.below(2000);
    const auto frame =
        test::exact_copy(base::ByteView(bytes).first(random.below(bytes.size() + 1)));
    Dissection dissection;
    dissect(frame.view(), static_cast<std::uint32_t>(wire_length), dissection,
            random.chance(0.9) ? link_type::kEthernet : kOthers[random.below(std::size(kOthers))]);
    std::string line;
    print_json(dissection, frame.view(), 1, 0, line);
    ASSERT_TRUE(line.ends_with("\"}\n"));
    test::touch_views(frame.view());
  }
}

TEST_F(RoundTrip, TcpOptionsComeBack) {
  for (int i = 0; i < 5000; ++i) {
    const TcpOptions sent = test::random_options(random);
    std::uint8_t area[40];
    const std::size_t length = sent.emit(area);
    ASSERT_EQ(length % 4, 0U);
    TcpOptions got;
    ASSERT_EQ(TcpOptions::read({area, length}, got), Reason::none);
    EXPECT_EQ(got.has_mss, sent.has_mss);
    EXPECT_EQ(got.mss, sent.mss);
    EXPECT_EQ(got.has_window_scale, sent.has_window_scale);
    EXPECT_EQ(got.window_scale, sent.window_scale);
    EXPECT_EQ(got.sack_permitted, sent.sack_permitted);
    EXPECT_EQ(got.has_timestamps, sent.has_timestamps);
    EXPECT_EQ(got.timestamp, sent.timestamp);
    EXPECT_EQ(got.timestamp_echo, sent.timestamp_echo);
    // What did not fit was left out, the rest is in order.
    ASSERT_LE(got.sack_blocks, sent.sack_blocks);
    for (std::size_t b = 0; b < got.sack_blocks; ++b) {
      EXPECT_EQ(got.sack[b].left, sent.sack[b].left);
      EXPECT_EQ(got.sack[b].right, sent.sack[b].right);
    }
  }
}

TEST(Tcp, MostOptionsFillTheHeaderExactly) {
  TcpOptions options;
  options.has_timestamps = true;
  options.sack_blocks = 3;
  std::uint8_t area[40];
  EXPECT_EQ(options.emit(area), 36U);
  options.sack_blocks = 4;  // three fit beside timestamps
  EXPECT_EQ(options.emit(area), 36U);
  options.has_timestamps = false;
  EXPECT_EQ(options.emit(area), 36U);
}

TEST(Tcp, FlagCombinations) {
  using namespace tcp_flag;
  for (unsigned flags = 0; flags < 256; ++flags) {
    const bool syn = (flags & kSyn) != 0;
    const bool expected = syn ? (flags & (kFin | kRst)) == 0 : (flags & (kAck | kRst)) != 0;
    EXPECT_EQ(tcp_flags_valid(static_cast<std::uint8_t>(flags)), expected) << flags;
  }
  EXPECT_TRUE(tcp_flags_valid(kSyn | kEce | kCwr));
  EXPECT_TRUE(tcp_flags_valid(kRst));
  EXPECT_FALSE(tcp_flags_valid(kPsh));
}

TEST_F(RoundTrip, Ipv4ReprIsWhatTheViewReads) {
  for (int i = 0; i < 5000; ++i) {
    const auto options = test::random_bytes(random, 4 * random.below(11));
    Ipv4Repr repr;
    repr.src = {static_cast<std::uint32_t>(random.next())};
    repr.dst = {static_cast<std::uint32_t>(random.next())};
    repr.protocol = static_cast<std::uint8_t>(random.next());
    repr.payload_bytes = static_cast<std::uint16_t>(random.below(1400));
    repr.ttl = static_cast<std::uint8_t>(random.next());
    repr.dscp = static_cast<std::uint8_t>(random.below(64));
    repr.ecn = static_cast<std::uint8_t>(random.below(4));
    repr.identification = static_cast<std::uint16_t>(random.next());
    repr.df = random.chance(0.5);
    repr.mf = random.chance(0.5);
    repr.fragment_offset = static_cast<std::uint16_t>(random.below(8192) * 8);
    repr.options = options;
    std::vector<std::uint8_t> packet(repr.header_bytes() + repr.payload_bytes + random.below(20));
    ASSERT_EQ(repr.emit(packet), repr.header_bytes());
    const auto parsed = Ipv4View::parse(base::ByteView(packet));
    ASSERT_TRUE(parsed) << base::to_string(parsed.reason());
    EXPECT_EQ(parsed->src(), repr.src);
    EXPECT_EQ(parsed->dst(), repr.dst);
    EXPECT_EQ(parsed->protocol(), repr.protocol);
    EXPECT_EQ(parsed->payload().size(), repr.payload_bytes);
    EXPECT_EQ(parsed->ttl(), repr.ttl);
    EXPECT_EQ(parsed->dscp(), repr.dscp);
    EXPECT_EQ(parsed->ecn(), repr.ecn);
    EXPECT_EQ(parsed->identification(), repr.identification);
    EXPECT_EQ(parsed->df(), repr.df);
    EXPECT_EQ(parsed->mf(), repr.mf);
    EXPECT_EQ(parsed->fragment_offset(), repr.fragment_offset);
    EXPECT_EQ(parsed->is_fragment(), repr.mf || repr.fragment_offset != 0);
    EXPECT_TRUE(std::equal(options.begin(), options.end(), parsed->options().begin(),
                           parsed->options().end()));
    EXPECT_TRUE(parsed->checksum_ok());
    packet[random.below(repr.header_bytes())] ^= 0x10;
    EXPECT_FALSE(sum(base::ByteView(packet).first(repr.header_bytes())).verifies());
  }
}

TEST_F(RoundTrip, Ipv6VlanAndArpReprsAreWhatTheViewsRead) {
  for (int i = 0; i < 2000; ++i) {
    Ipv6Repr repr;
    repr.src = test::random_ipv6(random);
    repr.dst = test::random_ipv6(random);
    repr.payload_bytes = static_cast<std::uint16_t>(random.below(100));
    repr.hop_limit = static_cast<std::uint8_t>(random.next());
    repr.traffic_class = static_cast<std::uint8_t>(random.next());
    repr.flow_label = static_cast<std::uint32_t>(random.below(1U << 20));
    std::vector<std::uint8_t> packet(Ipv6::kHeaderBytes + repr.payload_bytes);
    repr.emit(packet);
    const auto parsed = Ipv6View::parse(base::ByteView(packet));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->src(), repr.src);
    EXPECT_EQ(parsed->dst(), repr.dst);
    EXPECT_EQ(parsed->hop_limit(), repr.hop_limit);
    EXPECT_EQ(parsed->traffic_class(), repr.traffic_class);
    EXPECT_EQ(parsed->flow_label(), repr.flow_label);
    EXPECT_EQ(parsed->payload().size(), repr.payload_bytes);

    const VlanRepr tag{static_cast<std::uint8_t>(random.below(8)), random.chance(0.5),
                       static_cast<std::uint16_t>(random.below(4096)),
                       static_cast<std::uint16_t>(random.between(1536, 65535))};
    std::uint8_t tag_bytes[4];
    tag.emit(tag_bytes);
    const auto vlan = VlanView::parse(base::ByteView(tag_bytes));
    ASSERT_TRUE(vlan);
    EXPECT_EQ(vlan->pcp(), tag.pcp);
    EXPECT_EQ(vlan->dei(), tag.dei);
    EXPECT_EQ(vlan->vid(), tag.vid);
    EXPECT_EQ(vlan->type(), tag.type);

    const ArpRepr arp{static_cast<std::uint16_t>(random.next()),
                      test::random_mac(random),
                      {static_cast<std::uint32_t>(random.next())},
                      test::random_mac(random),
                      {static_cast<std::uint32_t>(random.next())}};
    std::uint8_t arp_bytes[Arp::kHeaderBytes];
    arp.emit(arp_bytes);
    const auto arp_view = ArpView::parse(base::ByteView(arp_bytes));
    ASSERT_TRUE(arp_view);
    EXPECT_EQ(arp_view->operation(), arp.operation);
    EXPECT_EQ(arp_view->sender_mac(), arp.sender_mac);
    EXPECT_EQ(arp_view->sender_ip(), arp.sender_ip);
    EXPECT_EQ(arp_view->target_mac(), arp.target_mac);
    EXPECT_EQ(arp_view->target_ip(), arp.target_ip);
  }
}

TEST(Udp, IsAsLongAsAJumbogramThatCarriesIt) {
  const std::uint8_t datagram[12] = {0, 1, 0, 2, 0, 0, 0x12, 0x34, 1, 2, 3, 4};
  EXPECT_EQ(UdpView::parse({base::ByteView(datagram), 70'000})->extent().on_wire, 70'000U);
  EXPECT_EQ(UdpView::parse({base::ByteView(datagram), 65'535}).reason(), Reason::udp_length);
}

TEST(Udp, ZeroChecksumIsSentAsAllOnes) {
  // A payload word that makes the sum come out as 0xffff: its complement is 0.
  const auto src = parse_ipv4("192.0.2.1").value();
  const auto dst = parse_ipv4("192.0.2.2").value();
  std::uint8_t datagram[10] = {};
  const UdpRepr udp{4000, 5000};
  const PartialSum pseudo = pseudo_sum(src, dst, ip_protocol::kUdp, sizeof datagram);
  udp.emit(datagram, pseudo);
  const auto first = UdpView::parse(base::ByteView(datagram))->checksum();
  base::store_be(datagram + 8, first);
  udp.emit(datagram, pseudo);
  const auto view = UdpView::parse(base::ByteView(datagram));
  EXPECT_EQ(view->checksum(), 0xffff);
  EXPECT_EQ(view->judge(pseudo), Checksum::good);
  udp.emit_unsummed(datagram);
  EXPECT_EQ(UdpView::parse(base::ByteView(datagram))->judge(pseudo), Checksum::absent);
}

TEST(Ipv6Transport, FindsTheTransportBehindTheChain) {
  // hop-by-hop, destination options, fragment (first), UDP header.
  const auto packet = test::from_hex(
      "6000000000200040"
      "20010db8000000000000000000000001"
      "20010db8000000000000000000000002"
      "3c000104000000002c000104000000001100000100000009000100020008ffff");
  const auto view = Ipv6View::parse(base::ByteView(packet));
  ASSERT_TRUE(view);
  const Ipv6Transport found = find_transport(*view);
  EXPECT_EQ(found.reason, Reason::none);
  EXPECT_EQ(found.protocol, ip_protocol::kUdp);
  EXPECT_TRUE(found.fragment);
  EXPECT_TRUE(found.first);
  EXPECT_EQ(found.payload.bytes.size(), 8U);
}

}  // namespace
}  // namespace ringbed::wire
