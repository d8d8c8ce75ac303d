// Frames that were not captured on Ethernet, as they are sent there: by themselves, and replayed
// from a capture whose interfaces are of different kinds.
#include "gen/ethernet_form.hpp"

#include <fstream>

#include "captures.hpp"
#include "streams.hpp"
#include "support/bytes.hpp"

namespace ringbed::gen {
namespace {

using namespace testing;

using Octets = std::vector<std::uint8_t>;

constexpr wire::MacAddress kDevice{{2, 0, 0, 0, 0, 9}};
// UDP 192.0.2.1 > 192.0.2.2 and 2001:db8::1 > 2001:db8::2.
const std::string kIpv4 =
    "45000024000100004011f6c4c0000201c000020203e807d00010c8ba72696e6762656421";
const std::string kIpv6 =
    "600000000010114020010db800000000000000000000000120010db800000000000000000000000203e807d00010"
    "f14972696e6762656421";
const std::string kArp = "00010800060400010200000000010a0000010000000000000a000002";
const std::string kSll = "0000000100060200000000010000";  // without the protocol

std::string ethernet_of(std::uint16_t link_type, const std::string& hex,
                        std::uint32_t more_on_wire = 0) {
  const Octets bytes = test::from_hex(hex);
  CapturedFrame frame;
  frame.bytes = bytes;
  frame.wire_length = static_cast<std::uint32_t>(bytes.size()) + more_on_wire;
  frame.link_type = link_type;
  const auto form = ethernet_form(frame, kDevice);
  if (!form) {
    return "none";
  }
  EXPECT_EQ(form->wire_length, form->captured() + more_on_wire);
  Octets sent(form->captured());
  form->copy_to(sent.data());
  return test::to_hex(sent);
}

TEST(EthernetForm, EthernetStaysAsItIs) {
  const std::string frame = "0200000000020200000000010800" + kIpv4;
  EXPECT_EQ(ethernet_of(link_type::kEthernet, frame), frame);
  EXPECT_EQ(ethernet_of(link_type::kEthernet, "0102"), "0102");
}

TEST(EthernetForm, RawIpGoesToTheDeviceFromAnAddressOfTheSendersIp) {
  EXPECT_EQ(ethernet_of(link_type::kRawIp, kIpv4), "0200000000090200c00002010800" + kIpv4);
  EXPECT_EQ(ethernet_of(link_type::kIpv6, kIpv6, 7), "02000000000902000000000186dd" + kIpv6);
}

TEST(EthernetForm, GroupsAndBroadcastHaveTheirOwnAddress) {
  const auto to = [](const std::string& ip) {
    return ethernet_of(link_type::kRawIp, kIpv4.substr(0, 32) + ip + kIpv4.substr(40))
        .substr(0, 12);
  };
  EXPECT_EQ(to("efff0105"), "01005e7f0105");
  EXPECT_EQ(to("ffffffff"), "ffffffffffff");
  EXPECT_EQ(to("0a000001"), "020000000009");
  const std::string group = kIpv6.substr(0, 48) + "ff0200000000000000000001ff000002";
  EXPECT_EQ(ethernet_of(link_type::kRawIp, group).substr(0, 12), "3333ff000002");
}

TEST(EthernetForm, CookedFramesKeepTheSendersAddress) {
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, kSll + "0800" + kIpv4),
            "0200000000090200000000010800" + kIpv4);
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll2,
                        "86dd00000000000300010006020000000001"
                        "0000" +
                            kIpv6),
            "02000000000902000000000186dd" + kIpv6);
  // A loopback interface has none: as for raw IP.
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, "00000304000600000000000000000800" + kIpv4),
            "0200000000090200c00002010800" + kIpv4);
  // A group behind a VLAN tag; a broadcast, which the packet type tells.
  const std::string group = kIpv4.substr(0, 32) + "ef010101" + kIpv4.substr(40);
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, kSll +
                                                  "8100"
                                                  "00640800" +
                                                  group),
            "01005e010101020000000001"
            "8100"
            "00640800" +
                group);
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, "0001" + kSll.substr(4) + "0806" + kArp),
            "ffffffffffff0200000000010806" + kArp);
  // 802.2 LLC has a length where others have a type.
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, kSll + "0004"
                                                     "424203616263"),
            "020000000009020000000001"
            "0006"
            "424203616263");
}

TEST(EthernetForm, LoopbackOfEitherByteOrder) {
  for (const auto& [type, family] : {std::pair{link_type::kNull, "02000000"},
                                     {link_type::kNull, "00000002"},
                                     {link_type::kLoop, "00000002"}}) {
    EXPECT_EQ(ethernet_of(type, family + kIpv4), "0200000000090200c00002010800" + kIpv4) << family;
  }
  EXPECT_EQ(ethernet_of(link_type::kNull, "1e000000" + kIpv6),
            "02000000000902000000000186dd" + kIpv6);
}

TEST(EthernetForm, WhatEthernetDoesNotCarryHasNone) {
  EXPECT_EQ(ethernet_of(105, kIpv4), "none");                            // 802.11
  EXPECT_EQ(ethernet_of(link_type::kNull, "07000000" + kIpv4), "none");  // OSI
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, kSll + "000c"
                                                     "00"),
            "none");  // CAN
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, "00000338" + kSll.substr(8) + "0800" + kIpv4),
            "none");
  EXPECT_EQ(ethernet_of(link_type::kLinuxSll, kSll, 100), "none");  // cut within the header
  EXPECT_EQ(ethernet_of(link_type::kLoop, "0000"), "none");
}

TEST(EthernetForm, NoLengthWrapsAround) {
  const Octets bytes = test::from_hex(kIpv4);
  CapturedFrame frame;
  frame.bytes = bytes;
  frame.wire_length = UINT32_MAX;
  frame.link_type = link_type::kRawIp;
  EXPECT_EQ(ethernet_form(frame, kDevice)->wire_length, UINT32_MAX);
}

StreamSpec replay_of(const std::string& path, const Bytes& capture) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(capture.bytes.data()),
             static_cast<std::streamsize>(capture.bytes.size()));
  StreamSpec spec;
  spec.name = "tape";
  spec.kind = StreamSpec::Kind::replay;
  spec.replay.file = path;
  spec.to.mac = kDevice;
  return spec;
}

TEST(Replay, EveryInterfaceByItsOwnLinkType) {
  TemporaryFolder folder;
  Bytes capture(true);
  capture.section().interface(113, 0, {}).interface(101, 0, {}).interface(1, 0, {});
  const std::string ethernet = "0200000000020200000000010800" + kIpv4;
  const auto put = [&](std::uint32_t interface, std::uint64_t us, const std::string& hex) {
    const Octets bytes = test::from_hex(hex);
    capture.enhanced(interface, us, bytes, static_cast<std::uint32_t>(bytes.size()) + 40);
  };
  put(0, 1, kSll + "0800" + kIpv4);
  put(1, 2, kIpv6);
  put(2, 3, ethernet);
  StreamSpec spec = replay_of(folder / "mixed.pcapng", capture);
  spec.replay.rewrite = {{"udp.dstPort", true, {}, {9, {}}}};
  const auto sent = frames({spec}, 10);
  ASSERT_EQ(sent.size(), 3U);
  const std::size_t lengths[] = {14 + 36 + 40, 14 + 56 + 40, 14 + 36 + 40};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sent[i].meta.length, lengths[i]);
    EXPECT_EQ(sent[i].meta.departure_ps, i * 1'000'000);
    EXPECT_EQ(field(sent[i].bytes, "udp.dstPort"), 9U) << i;
    EXPECT_TRUE(std::all_of(sent[i].bytes.end() - 40, sent[i].bytes.end(),
                            [](auto byte) { return byte == 0; }));
  }
  EXPECT_EQ(test::to_hex(base::ByteView(sent[0].bytes).first(14)), "0200000000090200000000010800");
  EXPECT_EQ(test::to_hex(base::ByteView(sent[1].bytes).first(14)), "02000000000902000000000186dd");
  EXPECT_EQ(test::to_hex(base::ByteView(sent[2].bytes).first(14)), ethernet.substr(0, 28));
}

TEST(Replay, AFrameThatEthernetDoesNotCarryIsNamed) {
  TemporaryFolder folder;
  Bytes capture(false);
  capture.section().interface(1, 0, {}).interface(147, 0, {});
  capture.enhanced(0, 1, Octets(60), 60).enhanced(1, 2, Octets(60), 60);
  const StreamSpec spec = replay_of(folder / "foreign.pcapng", capture);
  const auto refused = Generator::create({&spec, 1}, 1, kTenGigabit, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("frame 2 (link type 147)"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace ringbed::gen
