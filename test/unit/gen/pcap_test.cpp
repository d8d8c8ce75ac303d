#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/random.hpp"
#include "captures.hpp"
#include "gen/pcap_reader.hpp"
#include "gen/pcap_writer.hpp"

namespace ringbed::gen {
namespace {

using namespace testing;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<ReadFrame> random_frames(std::size_t count, std::uint64_t seed) {
  base::Random random(seed, "frames");
  std::vector<ReadFrame> frames;
  std::int64_t time = 1'700'000'000'000'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    ReadFrame frame;
    frame.bytes.resize(random.chance(0.01) ? random.between(0, 60'000) : random.between(0, 1514));
    for (auto& byte : frame.bytes) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    frame.wire_length =
        static_cast<std::uint32_t>(frame.bytes.size() + (random.chance(0.1) ? 100 : 0));
    frame.time_ns = time += static_cast<std::int64_t>(random.below(3'000'000'000));
    frames.push_back(frame);
  }
  return frames;
}

class Formats : public ::testing::TestWithParam<CaptureFormat> {};

TEST_P(Formats, WhatIsWrittenIsRead) {
  TemporaryFolder folder;
  const std::string path = folder / "round.cap";
  const auto frames = random_frames(5000, 3);
  auto writer = PcapWriter::create(path, GetParam());
  ASSERT_TRUE(writer.ok());
  EXPECT_FALSE(fs::exists(path)) << "the file must not appear before it is complete";
  for (const auto& frame : frames) {
    ASSERT_TRUE(writer.value().write(static_cast<std::uint64_t>(frame.time_ns), frame.bytes,
                                     frame.wire_length));
  }
  EXPECT_EQ(writer.value().frames(), 5000U);
  ASSERT_TRUE(writer.value().finish().ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 1);

  auto reader = PcapReader::open(path);
  ASSERT_TRUE(reader.ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(read_all(reader.value()), frames);
    EXPECT_FALSE(reader.value().failed());
    EXPECT_EQ(reader.value().frames(), 5000U);
    ASSERT_TRUE(reader.value().rewind().ok());
  }
  EXPECT_EQ(reader.value().is_pcapng(), GetParam() == CaptureFormat::pcapng);
  EXPECT_LE(reader.value().memory_bytes(), 2U << 20);
}

// Cut anywhere, a capture gives the frames before the cut, then an error or a clean end.
TEST_P(Formats, CutAnywhereGivesWhatWasBefore) {
  TemporaryFolder folder;
  const std::string path = folder / "cut.cap";
  const auto frames = random_frames(6, 4);
  auto writer = PcapWriter::create(path, GetParam());
  for (const auto& frame : frames) {
    (void)writer.value().write(static_cast<std::uint64_t>(frame.time_ns), frame.bytes,
                               frame.wire_length);
  }
  ASSERT_TRUE(writer.value().finish().ok());
  const auto bytes = file_bytes(path);
  std::size_t clean_ends = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    auto reader = PcapReader::over(base::ByteView(bytes).first(length));
    if (!reader) {
      EXPECT_LT(length, 64U);
      EXPECT_THAT(reader.error().message, HasSubstr("at byte"));
      continue;
    }
    const auto read = read_all(reader.value());
    ASSERT_LE(read.size(), frames.size());
    ASSERT_TRUE(std::equal(read.begin(), read.end(), frames.begin()));
    if (reader.value().failed()) {
      EXPECT_THAT(reader.value().error().message, HasSubstr("ends in the middle"));
    } else {
      ++clean_ends;
    }
    CapturedFrame frame;  // asking again changes nothing
    EXPECT_EQ(reader.value().next(frame),
              reader.value().failed() ? PcapReader::Read::error : PcapReader::Read::end);
  }
  EXPECT_EQ(clean_ends, GetParam() == CaptureFormat::pcap ? 6U : 7U);
}

INSTANTIATE_TEST_SUITE_P(Both, Formats,
                         ::testing::Values(CaptureFormat::pcap, CaptureFormat::pcapng));

struct PcapVariant {
  const char* name;
  std::uint32_t magic;
  bool big;
  bool modified;
  std::int64_t ns;
};
class PcapVariants : public ::testing::TestWithParam<PcapVariant> {};

TEST_P(PcapVariants, BothByteOrdersAndResolutions) {
  const auto& variant = GetParam();
  Bytes file(variant.big);
  file.u32(variant.magic).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(1);
  file.u32(1'700'000'000).u32(123'456).u32(4).u32(60);
  if (variant.modified) {
    file.u32(3).u16(0x0800).u8(0).u8(0);
  }
  file.u32(0x01020304);
  auto reader = PcapReader::over(file.bytes);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  const auto read = read_all(reader.value());
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].time_ns, 1'700'000'000'000'000'000 + variant.ns);
  EXPECT_EQ(read[0].bytes.size(), 4U);
  EXPECT_EQ(read[0].wire_length, 60U);
}

INSTANTIATE_TEST_SUITE_P(
    All, PcapVariants,
    ::testing::Values(PcapVariant{"usLittle", 0xa1b2c3d4, false, false, 123'456'000},
                      PcapVariant{"usBig", 0xa1b2c3d4, true, false, 123'456'000},
                      PcapVariant{"nsLittle", 0xa1b23c4d, false, false, 123'456},
                      PcapVariant{"nsBig", 0xa1b23c4d, true, false, 123'456},
                      PcapVariant{"modified", 0xa1b2cd34, false, true, 123'456'000}),
    [](const auto& row) { return std::string(row.param.name); });

// Some tools write a length on the wire below what they captured, or 0: the bytes are there.
TEST(PcapReader, ALengthOnTheWireBelowTheCapturedOneIsThatOne) {
  for (const std::uint32_t on_wire : {0U, 3U, 4U}) {
    Bytes file(false);
    file.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(1);
    file.u32(1).u32(0).u32(4).u32(on_wire).u32(0xdeadbeef);
    Bytes section(false);
    section.section().interface(1, 0, {}).enhanced(0, 1, {1, 2, 3, 4}, on_wire);
    for (const auto& bytes : {file.bytes, section.bytes}) {
      auto reader = PcapReader::over(bytes);
      ASSERT_TRUE(reader.ok());
      const auto read = read_all(reader.value());
      ASSERT_EQ(read.size(), 1U);
      EXPECT_EQ(read[0].bytes.size(), 4U);
      EXPECT_EQ(read[0].wire_length, 4U);
    }
  }
}

TEST(PcapReader, FcsIsTakenOff) {
  Bytes file(false);
  // Bit 26 and FCS length 2 words.
  file.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(1 | 1U << 26 | 2U << 28);
  file.u32(0).u32(0).u32(8).u32(8).u32(1).u32(0xdeadbeef);
  auto reader = PcapReader::over(file.bytes);
  const auto read = read_all(reader.value());
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].bytes.size(), 4U);
  EXPECT_EQ(read[0].wire_length, 4U);
}

// Two sections of opposite byte order; interfaces of several link types and resolutions; every kind
// of packet block, and blocks to step over.
TEST(PcapReader, PcapngWithEverything) {
  Bytes file(false);
  file.section();
  file.interface(1, 0, {{9, {6}}, {14, {10, 0, 0, 0, 0, 0, 0, 0}}});  // us, 10 s later
  file.interface(101, 0, {{9, {0x8a}}});                              // 2^-10 s
  file.interface(1, 4, {{9, {12}}, {2, {'e', 't', 'h', '0'}}});       // ps, snap length 4
  file.block(4, {0, 0, 0, 0});                                        // names
  file.enhanced(0, 5'000'001, {1, 2, 3}, 3);
  file.enhanced(1, 1536, {9}, 90);
  file.enhanced(2, 1'234'567'890'123, {7, 7, 7, 7}, 1000);
  file.block(5, std::vector<std::uint8_t>(64));  // statistics
  file.block(0x0bad, std::vector<std::uint8_t>(8));
  Bytes big(true);
  big.section();
  big.interface(1, 2, {});
  big.simple(6, {5, 6});
  big.obsolete(0, 42, {8, 8, 8, 8, 8});
  file.append(big);
  auto reader = PcapReader::over(file.bytes);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  CapturedFrame frame;
  auto& in = reader.value();

  ASSERT_EQ(in.next(frame), PcapReader::Read::frame);
  EXPECT_EQ(frame.time_ns, 15'000'001'000);
  EXPECT_EQ(frame.interface, 0U);
  EXPECT_EQ(frame.bytes.size(), 3U);

  ASSERT_EQ(in.next(frame), PcapReader::Read::frame);
  EXPECT_EQ(frame.time_ns, 1'500'000'000);
  EXPECT_EQ(frame.link_type, link_type::kRawIp);
  EXPECT_EQ(frame.wire_length, 90U);

  ASSERT_EQ(in.next(frame), PcapReader::Read::frame);
  EXPECT_EQ(frame.time_ns, 1'234'567'890);
  EXPECT_EQ(frame.sub_ns_ps, 123U);

  ASSERT_EQ(in.next(frame), PcapReader::Read::frame);
  EXPECT_FALSE(frame.timed);
  EXPECT_EQ(frame.interface, 3U);
  EXPECT_EQ(frame.wire_length, 6U);
  EXPECT_THAT(std::vector(frame.bytes.begin(), frame.bytes.end()), ::testing::ElementsAre(5, 6));

  ASSERT_EQ(in.next(frame), PcapReader::Read::frame);
  EXPECT_EQ(frame.time_ns, 42'000);
  EXPECT_EQ(frame.bytes.size(), 5U);

  EXPECT_EQ(in.next(frame), PcapReader::Read::end);
  EXPECT_EQ(in.interfaces().size(), 4U);
}

TEST(TimeScale, AnyResolution) {
  const auto ns = [](bool binary, int exponent, std::uint64_t ticks, std::int64_t offset = 0) {
    std::int64_t result = 0;
    std::uint16_t rest = 0;
    TimeScale{binary, static_cast<std::uint8_t>(exponent), offset}.convert(ticks, result, rest);
    return result;
  };
  EXPECT_EQ(ns(false, 0, 1'700'000'000), 1'700'000'000'000'000'000);
  EXPECT_EQ(ns(false, 3, 5), 5'000'000);
  EXPECT_EQ(ns(false, 9, UINT64_MAX / 2), INT64_MAX);
  EXPECT_EQ(ns(false, 0, UINT64_MAX), INT64_MAX);  // saturates
  EXPECT_EQ(ns(false, 15, 1'000'000'000'000'000), 1'000'000'000);
  EXPECT_EQ(ns(false, 127, UINT64_MAX), 0);
  EXPECT_EQ(ns(true, 32, 3ULL << 31), 1'500'000'000);
  EXPECT_EQ(ns(true, 127, UINT64_MAX), 0);
  EXPECT_EQ(ns(false, 9, 5, -1), -999'999'995);
  EXPECT_EQ(ns(false, 9, 5, INT64_MIN), INT64_MIN);
}

TEST(PcapReader, FaultsNameTheirByte) {
  const auto message = [](const Bytes& file) {
    auto reader = PcapReader::over(file.bytes);
    if (!reader) {
      return reader.error().message;
    }
    (void)read_all(reader.value());
    return reader.value().failed() ? reader.value().error().message : std::string("no fault");
  };
  Bytes pcap(false);
  pcap.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(1);
  Bytes huge = pcap;
  huge.u32(0).u32(0).u32(0x7fffffff).u32(60);
  EXPECT_THAT(message(huge), HasSubstr("a record of 2147483647 bytes"));
  EXPECT_THAT(message(huge), HasSubstr("at byte 32"));
  EXPECT_THAT(message(Bytes(false).u32(0xa1b2c3d4).u16(1).u16(4).u32(0).u32(0).u32(0).u32(0)),
              HasSubstr("version 1"));
  EXPECT_THAT(message(Bytes(false).u32(0x12345678).u32(0)), HasSubstr("not a pcap"));
  EXPECT_THAT(message(Bytes(false)), HasSubstr("empty"));
  EXPECT_THAT(message(Bytes(false).u16(0x8b1f).u32(0)), HasSubstr("gzip"));

  Bytes wrong_tail(false);
  wrong_tail.section().u32(6).u32(32);
  EXPECT_THAT(message(wrong_tail), HasSubstr("ends in the middle"));
  Bytes no_interface(false);
  no_interface.section().enhanced(0, 0, {1}, 1);
  EXPECT_THAT(message(no_interface), HasSubstr("interface 0"));
  Bytes option(false);
  option.section().u32(1).u32(28).u16(1).u16(0).u32(0).u16(9).u16(200).u32(0).u32(28);
  EXPECT_THAT(message(option), HasSubstr("option of 200 bytes runs past"));
  Bytes tail(false);
  tail.section().u32(5).u32(16).u32(0).u32(20);
  EXPECT_THAT(message(tail), HasSubstr("ends with the length 20"));
  Bytes captured(false);
  captured.section().interface(1, 0, {}).u32(6).u32(36).u32(0).u32(0).u32(0).u32(5).u32(5);
  captured.u32(0).u32(36);
  EXPECT_THAT(message(captured), HasSubstr("a frame of 5 bytes in a block that has room for 4"));
  Bytes odd(false);
  odd.section().u32(6).u32(9);
  EXPECT_THAT(message(odd), HasSubstr("a block of 9 bytes"));
}

TEST(PcapReader, FilesThatAreNone) {
  TemporaryFolder folder;
  EXPECT_THAT(PcapReader::open(folder / "none.pcap").error().message, HasSubstr("cannot open"));
  EXPECT_THAT(PcapReader::open(folder.path).error().message, HasSubstr("folder"));
}

TEST(PcapReader, ReadsPipes) {
  TemporaryFolder folder;
  const std::string capture = folder / "a.pcap";
  const auto frames = random_frames(8000, 5);  // several buffers
  auto writer = PcapWriter::create(capture);
  for (const auto& frame : frames) {
    (void)writer.value().write(static_cast<std::uint64_t>(frame.time_ns), frame.bytes,
                               frame.wire_length);
  }
  ASSERT_TRUE(writer.value().finish().ok());
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(std::system(("cat " + capture + " > " + pipe + " &").c_str()), 0);
  auto reader = PcapReader::open(pipe);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(read_all(reader.value()), frames);
}

TEST(PcapWriter, LeavesNothingBehindWithoutFinish) {
  TemporaryFolder folder;
  {
    auto writer = PcapWriter::create(folder / "x.pcap");
    ASSERT_TRUE(writer.ok());
    (void)writer.value().write(1, std::vector<std::uint8_t>(60));
  }
  EXPECT_TRUE(fs::is_empty(folder.path));
}

TEST(PcapWriter, KeepsTheOldFileUntilItIsDoneAndFollowsLinks) {
  TemporaryFolder folder;
  std::ofstream(folder / "x.pcap") << "old";
  fs::create_symlink("x.pcap", folder / "link.pcap");
  auto writer = PcapWriter::create(folder / "link.pcap");
  ASSERT_TRUE(writer.ok());
  (void)writer.value().write(1, std::vector<std::uint8_t>(60));
  EXPECT_EQ(file_bytes(folder / "x.pcap").size(), 3U);
  ASSERT_TRUE(writer.value().finish().ok());
  EXPECT_EQ(file_bytes(folder / "x.pcap").size(), 24U + 16 + 60);
  EXPECT_TRUE(fs::is_symlink(folder / "link.pcap"));
}

TEST(PcapWriter, ReportsAFullDisk) {
  auto writer = PcapWriter::create("/dev/full");
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer.value().write(1, std::vector<std::uint8_t>(60)));
  const auto status = writer.value().finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::resource);
  EXPECT_THAT(status.error().message, HasSubstr("No space left"));
  EXPECT_TRUE(fs::exists("/dev/full"));
}

TEST(PcapWriter, ErrorsBeforeTheFirstFrame) {
  const auto writer = PcapWriter::create("/nonexistent/folder/x.pcap");
  ASSERT_FALSE(writer.ok());
  EXPECT_THAT(writer.error().message, HasSubstr("/nonexistent/folder/x.pcap"));
}

TEST(PcapWriter, TimesThatDoNotFit) {
  TemporaryFolder folder;
  auto writer = PcapWriter::create(folder / "x.pcap");
  EXPECT_FALSE(writer.value().write(UINT64_MAX, std::vector<std::uint8_t>(60)));
  EXPECT_THAT(writer.value().finish().error().message, HasSubstr("2106"));
  EXPECT_TRUE(fs::is_empty(folder.path));
}

}  // namespace
}  // namespace ringbed::gen
