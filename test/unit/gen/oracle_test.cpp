// Wireshark's tools as judges of what the generator writes and of what the reader reads. Where they
// are not installed the tests say so and skip.
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "captures.hpp"
#include "gen/pcap_writer.hpp"
#include "streams.hpp"

namespace ringbed::gen {
namespace {

using namespace testing;

// Standard output of a command, and whether it succeeded.
bool run(const std::string& command, std::string& output) {
  output.clear();
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) {
    return false;
  }
  std::array<char, 4096> part;
  while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) {
    output += part.data();
  }
  return ::pclose(pipe) == 0;
}

bool installed(const char* tool) {
  std::string output;
  return run(std::string("command -v ") + tool, output);
}

// Every kind of stream, IPv4 and IPv6, with and without tags.
std::vector<StreamSpec> all_kinds() {
  std::vector<StreamSpec> streams;
  for (const bool ipv6 : {false, true}) {
    for (const auto kind :
         {StreamSpec::Kind::udp, StreamSpec::Kind::tcp, StreamSpec::Kind::syn_flood}) {
      for (const bool tagged : {false, true}) {
        StreamSpec spec = udp_stream(ipv6);
        spec.kind = kind;
        spec.name = "s" + std::to_string(streams.size());
        spec.to.port = 47110;  // no dissector of tshark claims it
        spec.flows = kind == StreamSpec::Kind::udp ? 100 : 1;
        spec.tcp = {10, 4, TcpSessionSpec::Close::fin, TcpSessionSpec::Handshake::full};
        spec.payload.kind = tagged ? "random" : "nanonet.market_data";
        spec.payload.size = {SizeSpec::Kind::uniform, {}, {}, 110, 1514};
        if (tagged) {
          spec.vlans = {{0x88a8, 1, false, 10}, {0x8100, 2, false, 20}};
        }
        streams.push_back(spec);
      }
    }
  }
  return streams;
}

constexpr std::uint64_t kEpoch = 1'700'000'000'000'000'000;
constexpr std::size_t kFrames = 3000;

std::string written(const TemporaryFolder& folder, CaptureFormat format) {
  const std::string path = folder / "all.cap";
  auto writer = PcapWriter::create(path, format);
  for (const auto& frame : frames(all_kinds(), kFrames)) {
    EXPECT_TRUE(writer.value().write(kEpoch + frame.meta.departure_ps / 1000, frame.bytes));
  }
  EXPECT_TRUE(writer.value().finish().ok());
  return path;
}

TEST(Oracle, TsharkFindsNoFaultInGeneratedFrames) {
  if (!installed("tshark")) {
    GTEST_SKIP() << "tshark is not installed";
  }
  for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
    TemporaryFolder folder;
    const std::string tshark = "tshark -r " + written(folder, format) +
                               " -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE"
                               " -o tcp.check_checksum:TRUE ";
    std::string output;
    ASSERT_TRUE(run(tshark + "-Y '_ws.malformed || ip.checksum.status == 0 || "
                             "udp.checksum.status == 0 || tcp.checksum.status == 0 || "
                             "_ws.expert.severity == \"Error\"' -T fields -e frame.number",
                    output));
    EXPECT_EQ(output, "");
    ASSERT_TRUE(run(tshark + "-Y 'udp.checksum.status == 1 || tcp.checksum.status == 1'"
                             " -T fields -e frame.time_epoch | wc -l",
                    output));
    EXPECT_EQ(std::stoul(output), kFrames);
  }
}

TEST(Oracle, EditcapsConversionsReadTheSame) {
  if (!installed("editcap")) {
    GTEST_SKIP() << "editcap is not installed";
  }
  TemporaryFolder folder;
  const std::string source = written(folder, CaptureFormat::pcapng);
  auto reader = PcapReader::open(source);
  ASSERT_TRUE(reader.ok());
  const auto expected = read_all(reader.value());
  ASSERT_EQ(expected.size(), kFrames);
  struct Row {
    const char* format;
    std::int64_t resolution_ns;
  };
  for (const Row row :
       {Row{"pcap", 1000}, Row{"nsecpcap", 1}, Row{"pcapng", 1}, Row{"modpcap", 1000}}) {
    const std::string converted = folder / row.format;
    std::string output;
    ASSERT_TRUE(
        run(std::string("editcap -F ") + row.format + " " + source + " " + converted, output))
        << row.format;
    auto again = PcapReader::open(converted);
    ASSERT_TRUE(again.ok()) << row.format << again.error().message;
    auto frames = read_all(again.value());
    ASSERT_EQ(frames.size(), expected.size()) << row.format;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      ASSERT_EQ(frames[i].bytes, expected[i].bytes);
      ASSERT_EQ(frames[i].time_ns, expected[i].time_ns / row.resolution_ns * row.resolution_ns);
    }
    // Cut to 64 bytes, the length on the wire stays.
    ASSERT_TRUE(run(std::string("editcap -s 64 -F ") + row.format + " " + source + " " + converted,
                    output));
    auto cut = PcapReader::open(converted);
    frames = read_all(cut.value());
    ASSERT_EQ(frames.size(), expected.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      ASSERT_EQ(frames[i].wire_length, expected[i].wire_length);
      ASSERT_EQ(frames[i].bytes.size(), std::min<std::size_t>(64, expected[i].bytes.size()));
    }
  }
}

TEST(Oracle, CapinfosCountsTheSame) {
  if (!installed("capinfos")) {
    GTEST_SKIP() << "capinfos is not installed";
  }
  for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
    TemporaryFolder folder;
    std::string output;
    ASSERT_TRUE(run("capinfos -T -r -M -c -E " + written(folder, format), output));
    EXPECT_NE(output.find(std::to_string(kFrames)), std::string::npos) << output;
    EXPECT_NE(output.find("ether"), std::string::npos) << output;
  }
}

}  // namespace
}  // namespace ringbed::gen
