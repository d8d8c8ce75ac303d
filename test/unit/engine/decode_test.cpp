#include "engine/decode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/bytes.hpp"

namespace ringbed::engine {
namespace {

using Bytes = std::vector<std::uint8_t>;

// A UDP datagram over IPv4 with a right header checksum and no UDP checksum, without link header.
const Bytes kPacket =
    test::from_hex("4500001e000040004011b6cbc0000201c000020200010002000a00004142");

void put32(Bytes& to, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    to.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

Bytes pcap(std::uint32_t link_type, std::size_t frames, const Bytes& frame) {
  Bytes file;
  put32(file, 0xa1b2c3d4);
  put32(file, 2 | 4U << 16);
  put32(file, 0);
  put32(file, 0);
  put32(file, 65535);
  put32(file, link_type);
  for (std::size_t i = 0; i < frames; ++i) {
    put32(file, 1'700'000'000);
    put32(file, static_cast<std::uint32_t>(i));
    put32(file, static_cast<std::uint32_t>(frame.size()));
    put32(file, static_cast<std::uint32_t>(frame.size()));
    file.insert(file.end(), frame.begin(), frame.end());
  }
  return file;
}

void put_block(Bytes& file, std::uint32_t type, Bytes body) {
  while (body.size() % 4 != 0) {
    body.push_back(0);
  }
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  put32(file, type);
  put32(file, length);
  file.insert(file.end(), body.begin(), body.end());
  put32(file, length);
}

// A pcapng file with one interface a link type, and one frame on each in turn.
Bytes pcapng(const std::vector<std::uint32_t>& link_types, const Bytes& frame) {
  Bytes file;
  Bytes section;
  put32(section, 0x1a2b3c4d);
  put32(section, 1);
  put32(section, 0xffff'ffff);
  put32(section, 0xffff'ffff);
  put_block(file, 0x0a0d0d0a, section);
  for (const std::uint32_t link_type : link_types) {
    Bytes interface;
    put32(interface, link_type);
    put32(interface, 0);
    put_block(file, 1, interface);
  }
  for (std::uint32_t i = 0; i < link_types.size(); ++i) {
    Bytes packet;
    put32(packet, i);
    put32(packet, 0);
    put32(packet, i);
    put32(packet, static_cast<std::uint32_t>(frame.size()));
    put32(packet, static_cast<std::uint32_t>(frame.size()));
    packet.insert(packet.end(), frame.begin(), frame.end());
    put_block(file, 6, packet);
  }
  return file;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Decoder, GivesChunksOfLinesThenNothing) {
  const Bytes file = pcap(101, 10, kPacket);
  auto decoder = Decoder::over(file);
  ASSERT_TRUE(decoder.ok());
  std::string all;
  for (const std::size_t expected : {4U, 4U, 2U, 0U, 0U}) {
    const std::string lines = decoder.value().next(4);
    EXPECT_EQ(count_lines(lines), expected);
    all += lines;
  }
  EXPECT_TRUE(decoder.value().problem().ok());
  EXPECT_TRUE(all.starts_with(
      R"({"frame":1,"timeNs":"1700000000000000000","length":30,"captured":30,"layers":[{"protocol":"ipv4","offset":0,"length":20,)"))
      << all;
  EXPECT_NE(all.find(R"({"frame":10,"timeNs":"1700000000000009000")"), std::string::npos);
  EXPECT_NE(all.find(R"({"protocol":"payload","offset":28,"length":2,"fields":{"hex":"4142"}}],)"
                     R"("problems":[],"verdict":"ok"})"),
            std::string::npos)
      << all;
}

TEST(Decoder, RawIpLinkTypesBeginWithTheIpHeader) {
  for (const std::uint32_t link_type : {101U, 228U}) {
    const Bytes file = pcap(link_type, 1, kPacket);
    auto decoder = Decoder::over(file);
    ASSERT_TRUE(decoder.ok()) << link_type;
    EXPECT_NE(decoder.value().next(1).find(R"("verdict":"ok")"), std::string::npos);
  }
  const Bytes v6 = test::from_hex(
      "6000000000003b40"
      "20010db8000000000000000000000001"
      "20010db8000000000000000000000002");
  const Bytes file = pcap(229, 1, v6);
  auto decoder = Decoder::over(file);
  ASSERT_TRUE(decoder.ok());
  EXPECT_NE(decoder.value().next(1).find(R"("protocol":"ipv6","offset":0)"), std::string::npos);
}

// Interfaces of a pcapng file each have a link type; the packet is the same on all of them.
TEST(Decoder, EveryInterfaceByItsOwnLinkType) {
  const Bytes sll = test::from_hex("00000001000602000000000100000800");
  Bytes cooked = sll;
  cooked.insert(cooked.end(), kPacket.begin(), kPacket.end());
  const Bytes file = pcapng({113, 276, 0, 108, 101}, cooked);
  auto decoder = Decoder::over(file);
  ASSERT_TRUE(decoder.ok());
  const std::string lines = decoder.value().next(100);
  EXPECT_EQ(count_lines(lines), 5U);
  EXPECT_NE(lines.find(R"("protocol":"linux_sll","offset":0,"length":16,"fields":{"packetType":0,)"
                       R"("arphrdType":1,"addressLength":6,"address":"02:00:00:00:00:01",)"
                       R"("protocol":2048}},{"protocol":"ipv4","offset":16)"),
            std::string::npos)
      << lines;
  for (const char* name : {"linux_sll2", "bsd_null", "bsd_loop", "ipv4"}) {
    EXPECT_NE(lines.find(std::string(R"("layers":[{"protocol":")") + name + '"'), std::string::npos)
        << name;
  }
  EXPECT_TRUE(decoder.value().problem().ok());
}

TEST(Decoder, AnotherLinkTypeIsRefusedAtOnce) {
  const Bytes file = pcap(105, 1, kPacket);
  const auto decoder = Decoder::over(file);
  ASSERT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.error().code, base::ErrorCode::invalid);
  EXPECT_NE(decoder.error().message.find("105"), std::string::npos);
  EXPECT_FALSE(decoder.error().hint.empty());
}

TEST(Decoder, FramesOfAnotherLinkTypeInAMixedFileAreSkippedAndTold) {
  const Bytes file = pcapng({101, 105, 101, 105}, kPacket);
  auto decoder = Decoder::over(file);
  ASSERT_TRUE(decoder.ok());
  const std::string lines = decoder.value().next(100);
  EXPECT_EQ(count_lines(lines), 2U);
  // Numbers are those of the file.
  EXPECT_NE(lines.find(R"({"frame":3,)"), std::string::npos) << lines;
  EXPECT_EQ(decoder.value().next(100), "");
  const auto problem = decoder.value().problem();
  ASSERT_FALSE(problem.ok());
  EXPECT_NE(problem.error().message.find("2 frames"), std::string::npos);
  EXPECT_NE(problem.error().message.find("frame 2, link type 105"), std::string::npos);
}

TEST(Decoder, ACaptureCutAnywhereGivesTheFramesBeforeAndTellsTheRest) {
  const Bytes file = pcap(101, 3, kPacket);
  const std::size_t record = 16 + kPacket.size();
  for (std::size_t length = 24; length < file.size(); ++length) {
    const auto cut = test::exact_copy(base::ByteView(file).first(length));
    auto decoder = Decoder::over(cut.view());
    ASSERT_TRUE(decoder.ok()) << length;
    EXPECT_EQ(count_lines(decoder.value().next(100)), (length - 24) / record) << length;
    EXPECT_EQ(decoder.value().next(100), "");
    EXPECT_EQ(decoder.value().problem().ok(), (length - 24) % record == 0) << length;
  }
}

TEST(Decoder, WhatIsNoCaptureIsAnError) {
  const Bytes text = {'n', 'o', 't', ' ', 'a', ' ', 'c', 'a', 'p', 't', 'u', 'r', 'e'};
  EXPECT_FALSE(Decoder::over(text).ok());
  EXPECT_FALSE(Decoder::over({}).ok());
  const auto missing = Decoder::open("/nonexistent/capture.pcap");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::io);
  EXPECT_NE(missing.error().message.find("/nonexistent/capture.pcap"), std::string::npos);
}

}  // namespace
}  // namespace ringbed::engine
