#include <algorithm>

#include "base/random.hpp"
#include "captures.hpp"
#include "gen/pcap_writer.hpp"
#include "gen/rewrite.hpp"
#include "streams.hpp"
#include "wire/udp.hpp"

namespace ringbed::gen {
namespace {

using namespace testing;

// A capture of generated traffic, with the given times.
std::string capture(const TemporaryFolder& folder, const std::vector<StreamSpec>& streams,
                    const std::vector<std::uint64_t>& times) {
  const std::string path = folder / "replay.pcap";
  auto writer = PcapWriter::create(path);
  const auto sent = frames(streams, times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_TRUE(writer.value().write(times[i], sent[i].bytes));
  }
  EXPECT_TRUE(writer.value().finish().ok());
  return path;
}

StreamSpec replay(const std::string& path) {
  StreamSpec spec;
  spec.name = "tape";
  spec.kind = StreamSpec::Kind::replay;
  spec.replay.file = path;
  return spec;
}

std::vector<std::uint64_t> departures(const StreamSpec& spec, std::size_t most = 100) {
  std::vector<std::uint64_t> result;
  for (const auto& frame : frames({spec}, most)) {
    result.push_back(frame.meta.departure_ps);
  }
  return result;
}

constexpr std::uint64_t kEpoch = 1'700'000'000'000'000'000;

TEST(Replay, TimesHonouredScaledAndIgnored) {
  TemporaryFolder folder;
  const std::string path = capture(
      folder, {udp_stream()}, {kEpoch, kEpoch + 1000, kEpoch + 1000, kEpoch + 500, kEpoch + 4000});
  using Times = std::vector<std::uint64_t>;
  StreamSpec spec = replay(path);
  spec.start_ns = 7;
  // The clock that stepped back stands still.
  EXPECT_EQ(departures(spec), (Times{7'000, 1'007'000, 1'007'000, 1'007'000, 4'007'000}));
  spec.start_ns = 0;
  spec.replay.timing = ReplaySpec::Timing::scaled;
  spec.replay.speed = 4.0;
  EXPECT_EQ(departures(spec), (Times{0, 250'000, 250'000, 250'000, 1'000'000}));
  spec.replay.timing = ReplaySpec::Timing::ignored;
  spec.rate.rate = 1e9;
  EXPECT_EQ(departures(spec), (Times{0, 1000, 2000, 3000, 4000}));
}

TEST(Replay, FramesAreTheCapturedOnes) {
  TemporaryFolder folder;
  std::vector<std::uint64_t> times;
  for (std::uint64_t i = 0; i < 20'000; ++i) {  // longer than the reader's buffer
    times.push_back(kEpoch + i * 100);
  }
  const std::string path = capture(folder, {udp_stream()}, times);
  const auto original = frames({udp_stream()}, times.size());
  const auto replayed = frames({replay(path)}, 100'000);
  ASSERT_EQ(replayed.size(), original.size());
  for (std::size_t i = 0; i < original.size(); ++i) {
    ASSERT_EQ(replayed[i].bytes, original[i].bytes);
    ASSERT_EQ(replayed[i].meta.sequence, i);
  }
}

// The next round starts after the last gap.
TEST(Replay, LoopsGoOnInTime) {
  TemporaryFolder folder;
  StreamSpec spec = replay(capture(folder, {udp_stream()}, {kEpoch, kEpoch + 10, kEpoch + 30}));
  spec.replay.loops = 3;
  EXPECT_EQ(departures(spec), (std::vector<std::uint64_t>{0, 10'000, 30'000, 50'000, 60'000, 80'000,
                                                          100'000, 110'000, 130'000}));
  spec.replay.timing = ReplaySpec::Timing::ignored;
  spec.rate.rate = 1e9;
  EXPECT_EQ(departures(spec).size(), 9U);
  EXPECT_EQ(departures(spec).back(), 8000U);
}

// 2^63 ps are 106.75 days.
TEST(Replay, WhatWouldLeaveAfterTheEndOfTimeIsRefused) {
  constexpr std::uint64_t kDay = 86'400'000'000'000;
  TemporaryFolder folder;
  const auto created = [&](std::uint64_t last, const auto& change) {
    StreamSpec spec = replay(capture(folder, {udp_stream()}, {kEpoch, kEpoch + last}));
    spec.rate.rate = 1e6;
    change(spec.replay);
    auto generator = Generator::create({&spec, 1}, 1, kTenGigabit, {});
    return generator ? std::string() : generator.error().message;
  };
  const auto honoured = [](ReplaySpec&) {};
  const auto slow = [](ReplaySpec& spec) {
    spec.timing = ReplaySpec::Timing::scaled;
    spec.speed = 0.5;
  };
  EXPECT_EQ(created(106 * kDay, honoured), "");
  EXPECT_NE(created(107 * kDay, honoured).find("frame 2 of "), std::string::npos);
  EXPECT_EQ(created(53 * kDay, slow), "");
  EXPECT_NE(created(54 * kDay, slow).find("106 days"), std::string::npos);
  EXPECT_EQ(
      created(1000 * kDay, [](ReplaySpec& spec) { spec.timing = ReplaySpec::Timing::ignored; }),
      "");
}

TEST(Replay, RoundsEndWithTime) {
  constexpr std::uint64_t kDayPs = 86'400'000'000'000'000;
  TemporaryFolder folder;
  StreamSpec spec =
      replay(capture(folder, {udp_stream()}, {kEpoch, kEpoch + 50 * (kDayPs / 1000)}));
  spec.replay.loops = 1000;
  const auto times = departures(spec, 5000);
  EXPECT_EQ(times, (std::vector<std::uint64_t>{0, 50 * kDayPs, 100 * kDayPs}));
}

TEST(Replay, OneFrameOverAndOver) {
  TemporaryFolder folder;
  StreamSpec spec = replay(capture(folder, {udp_stream()}, {kEpoch}));
  spec.replay.loops = 1000;
  const auto times = departures(spec, 5000);
  ASSERT_EQ(times.size(), 1000U);
  EXPECT_EQ(times[999], 999U * 67'200);
}

TEST(Replay, CutFramesKeepTheirLength) {
  TemporaryFolder folder;
  const std::string path = folder / "cut.pcap";
  auto writer = PcapWriter::create(path);
  const auto sent = frames({udp_stream()}, 1)[0].bytes;
  (void)writer.value().write(1, base::ByteView(sent).first(50), 66);
  (void)writer.value().write(2, base::ByteView(sent).first(20), 20);
  ASSERT_TRUE(writer.value().finish().ok());
  const auto replayed = frames({replay(path)}, 5);
  ASSERT_EQ(replayed.size(), 2U);
  EXPECT_EQ(replayed[0].meta.length, 66U);
  EXPECT_EQ(replayed[1].meta.length, 60U);
  EXPECT_EQ(replayed[0].bytes[49], sent[49]);
  EXPECT_TRUE(std::all_of(replayed[0].bytes.begin() + 50, replayed[0].bytes.end(),
                          [](auto byte) { return byte == 0; }));
}

TEST(Replay, FaultsAreFoundBeforeTheRun) {
  TemporaryFolder folder;
  const std::string path = capture(folder, {udp_stream()}, {1, 2, 3});
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
  const StreamSpec spec = replay(path);
  const auto broken = Generator::create({&spec, 1}, 1, kTenGigabit, {});
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.error().message.find("in the middle of a frame"), std::string::npos);
  EXPECT_NE(broken.error().hint.find("2 frames"), std::string::npos);
  for (auto spoil : std::initializer_list<void (*)(StreamSpec&)>{
           [](StreamSpec& s) { s.replay.loops = 0; },
           [](StreamSpec& s) {
             s.replay.timing = ReplaySpec::Timing::scaled;
             s.replay.speed = 0;
           },
           [](StreamSpec& s) { s.fields = {list("ipv4.ttl", {1})}; },
           [](StreamSpec& s) {
             s.replay.rewrite = {{"ipv4.checksumOk", true, {}, {}}};
           },
           [](StreamSpec& s) {
             s.replay.rewrite = {{"icmp.type", true, {}, {}}};
           },
           [](StreamSpec& s) {
             s.replay.rewrite = {{"ipv4.ttl", true, {}, {256, {}}}};
           }}) {
    StreamSpec bad = replay(capture(folder, {udp_stream()}, {1}));
    spoil(bad);
    EXPECT_FALSE(Generator::create({&bad, 1}, 1, kTenGigabit, {}).ok());
  }
}

TEST(Replay, AFileThatChangesIsNoticed) {
  TemporaryFolder folder;
  std::vector<std::uint64_t> times(30'000);
  for (std::size_t i = 0; i < times.size(); ++i) {
    times[i] = i;
  }
  const std::string path = capture(folder, {udp_stream()}, times);
  Generator generator = make({replay(path)});
  std::filesystem::resize_file(path, 1'500'000);
  std::size_t count = 0;
  for_each(generator, 100'000, [&](const FrameMeta&, base::ByteView) { ++count; });
  EXPECT_LT(count, times.size());
  EXPECT_FALSE(generator.status().ok());
}

// Rewriting any of these fields of any frame leaves right checksums right, and wrong ones exactly
// as wrong as they were (the same difference to the right one).
TEST(Rewrite, ChecksumsAreMendedByDifference) {
  const auto rule = [](const char* name, ValueSpec to) {
    return RewriteSpec{name, true, {}, std::move(to)};
  };
  const std::vector<RewriteSpec> rules = {
      rule("ipv4.src", {0x0a0b0c0d, {}}),
      rule("ipv4.dst", {0, {192, 168, 7, 9}}),
      rule("ipv4.ttl", {3, {}}),
      rule("ipv4.dscp", {46, {}}),
      rule("ipv6.src", {0, std::vector<std::uint8_t>(16, 0x33)}),
      rule("ipv6.dst", {0, std::vector<std::uint8_t>(16, 0x44)}),
      rule("ipv6.flowLabel", {0x12345, {}}),
      rule("udp.srcPort", {1, {}}),
      rule("udp.dstPort", {65535, {}}),
      rule("tcp.dstPort", {443, {}}),
      rule("tcp.window", {0, {}}),
      rule("ethernet.dst", {0, {2, 9, 9, 9, 9, 9}}),
      rule("vlan.vid", {77, {}}),
  };
  auto rewriter = Rewriter::create(rules, "tape");
  ASSERT_TRUE(rewriter.ok());
  base::Random random(9, "rewrite");
  std::size_t corrupt = 0;
  for (const bool ipv6 : {false, true}) {
    for (const bool tcp : {false, true}) {
      for (const bool tagged : {false, true}) {
        StreamSpec spec = tcp ? tcp_stream(ipv6) : udp_stream(ipv6);
        spec.payload.kind = "random";
        spec.payload.size = {SizeSpec::Kind::uniform, {}, {}, 82, 200};
        if (tagged) {
          spec.vlans = {{0x8100, 0, false, 5}};
        }
        for (auto frame : frames({spec}, 400)) {
          const std::size_t network = tagged ? 18 : 14;
          const std::size_t transport = network + (ipv6 ? 40 : 20);
          const std::size_t checksum = transport + (tcp ? 16 : 6);
          const auto header_sum = [&] {
            return wire::sum(base::ByteView(frame.bytes).subspan(network, 20)).folded();
          };
          const auto transport_sum = [&] {
            const base::ByteView view(frame.bytes);
            const std::size_t end =
                ipv6 ? transport + base::load_be<std::uint16_t>(view.data() + network + 4)
                     : network + base::load_be<std::uint16_t>(view.data() + network + 2);
            auto sum = wire::sum(view.subspan(transport, end - transport));
            sum.add(wire::sum(view.subspan(network + (ipv6 ? 8 : 12), ipv6 ? 32 : 8)));
            sum.add_word(tcp ? 6 : 17);
            sum.add_word(static_cast<std::uint16_t>(end - transport));
            return sum.folded();
          };
          const bool spoil = random.chance(0.5);
          if (spoil) {
            frame.bytes[checksum] ^= static_cast<std::uint8_t>(random.between(1, 255));
            frame.bytes[network + 10] ^= ipv6 ? 0 : 0x40;
            if (!tcp && frame.bytes[checksum] == 0 && frame.bytes[checksum + 1] == 0) {
              continue;
            }
            ++corrupt;
          }
          const auto header_before = header_sum();
          const auto transport_before = transport_sum();
          rewriter.value().apply(frame.bytes, static_cast<std::uint32_t>(frame.bytes.size()));
          if (!ipv6) {
            ASSERT_EQ(header_sum(), header_before);
            ASSERT_EQ(field(frame.bytes, "ipv4.src"), 0x0a0b0c0dU);
            ASSERT_EQ(field(frame.bytes, "ipv4.dst"), 0xc0a80709U);
            ASSERT_EQ(field(frame.bytes, "ipv4.ttl"), 3U);
          }
          ASSERT_EQ(transport_sum(), transport_before);
          ASSERT_EQ(field(frame.bytes, tcp ? "tcp.dstPort" : "udp.dstPort"), tcp ? 443U : 65535U);
          if (!spoil) {
            clean(frame.bytes);
          }
          if (tagged) {
            ASSERT_EQ(field(frame.bytes, "vlan.vid"), 77U);
          }
        }
      }
    }
  }
  EXPECT_GT(corrupt, 1000U);
}

TEST(Rewrite, OnlyWhereTheValueStands) {
  auto rewriter = Rewriter::create(
      std::vector<RewriteSpec>{
          {"udp.dstPort", false, {8080, {}}, {9, {}}},
          {"udp.srcPort", false, {1, {}}, {9, {}}},
          {"ethernet.src", false, {0, {2, 0, 0, 0, 0, 1}}, {0, {2, 0, 0, 0, 0, 7}}}},
      "tape");
  ASSERT_TRUE(rewriter.ok());
  auto frame = frames({udp_stream()}, 1)[0].bytes;
  rewriter.value().apply(frame, 66);
  clean(frame);
  EXPECT_EQ(field(frame, "udp.dstPort"), 9U);
  EXPECT_EQ(field(frame, "udp.srcPort"), 40'000U);
  EXPECT_EQ(frame[11], 7);
}

TEST(Rewrite, AnAbsentUdpChecksumStaysAbsent) {
  StreamSpec spec = udp_stream();
  spec.udp_checksum = false;
  auto frame = frames({spec}, 1)[0].bytes;
  auto rewriter =
      Rewriter::create(std::vector<RewriteSpec>{{"ipv4.src", true, {}, {0x01020304, {}}}}, "tape");
  rewriter.value().apply(frame, 66);
  EXPECT_EQ(field(frame, "udp.checksum"), 0U);
  clean(frame);
}

// A route that is not used up, a home address: the checksum covers others than the header's
// addresses.
TEST(Rewrite, AddressesThatTheChecksumDoesNotCoverChangeNothingElse) {
  const auto bytes = [](std::string_view hex) {
    std::vector<std::uint8_t> all;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
      all.push_back(
          static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(at, 2)), nullptr, 16)));
    }
    return all;
  };
  const std::vector<std::uint8_t> other{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9};
  auto rewriter =
      Rewriter::create(std::vector<RewriteSpec>{{"ipv4.dst", true, {}, {0xc6336401, {}}},
                                                {"ipv6.dst", true, {}, {0, other}}},
                       "tape");
  auto home =
      Rewriter::create(std::vector<RewriteSpec>{{"ipv6.src", true, {}, {0, other}}}, "tape");
  ASSERT_TRUE(rewriter.ok() && home.ok());
  for (const char* hex : {"02000000000202000000000108004800002c000100004011642dc0000201c0000202830b"
                          "04c0000203c00002040003e807d0000c8f4772696e67",
                          "02000000000202000000000186dd6000000000342b4020010db800000000000000000000"
                          "000120010db8000000000000000000000002110400020000000020010db8000000000000"
                          "00000000000320010db800000000000000000000000403e807d0000cb7d672696e67",
                          "02000000000202000000000186dd6000000000342b4020010db800000000000000000000"
                          "000120010db8000000000000000000000002110404010100000020010db8000000000000"
                          "00000000000420010db800000000000000000000000203e807d0000cb7d672696e67"}) {
    auto frame = bytes(hex);
    clean(frame);
    rewriter.value().apply(frame, static_cast<std::uint32_t>(frame.size()));
    EXPECT_NE(frame, bytes(hex));
    clean(frame);
  }
  auto abroad = bytes(
      "02000000000202000000000186dd6000000000243c4020010db800000000000000000000000120010db800000000"
      "0000000000000002110201020000c91020010db800000000000000000000007703e807d0000cb76272696e67");
  home.value().apply(abroad, static_cast<std::uint32_t>(abroad.size()));
  clean(abroad);
}

// Whatever the bytes are, nothing is read or written outside of them (ASan watches).
TEST(Rewrite, AnyBytes) {
  auto rewriter = Rewriter::create(
      std::vector<RewriteSpec>{{"ipv4.src", true, {}, {1, {}}},
                               {"udp.dstPort", true, {}, {1, {}}},
                               {"tcp.dstPort", true, {}, {1, {}}},
                               {"vlan.vid", true, {}, {1, {}}},
                               {"ipv6.dst", true, {}, {0, std::vector<std::uint8_t>(16, 1)}}},
      "tape");
  base::Random random(10, "any");
  for (int i = 0; i < 8000; ++i) {
    std::vector<std::uint8_t> frame = frames({udp_stream(i % 2 == 0)}, 1)[0].bytes;
    frame.resize(random.below(90));
    for (int flips = 0; flips < 4 && !frame.empty(); ++flips) {
      frame[random.below(frame.size())] = static_cast<std::uint8_t>(random.next());
    }
    frame.shrink_to_fit();
    rewriter.value().apply(frame, static_cast<std::uint32_t>(frame.size()));
  }
}

}  // namespace
}  // namespace ringbed::gen
