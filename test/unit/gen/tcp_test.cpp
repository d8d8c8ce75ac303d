#include "wire/tcp.hpp"

#include <map>
#include <set>

#include "streams.hpp"

namespace ringbed::gen {
namespace {

using namespace testing;
using namespace wire::tcp_flag;

struct Segment {
  std::uint32_t flow = 0;
  std::uint64_t port = 0;
  std::uint64_t address = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;
  std::uint32_t data = 0;
};

std::vector<Segment> segments(const StreamSpec& spec, std::size_t count) {
  std::vector<Segment> result;
  for (const auto& frame : frames({spec}, count)) {
    const auto dissection = clean(frame.bytes);
    Segment segment;
    segment.flow = frame.meta.flow;
    segment.port = field(frame.bytes, "tcp.srcPort");
    segment.address = field(frame.bytes, "ipv4.src");
    segment.seq = static_cast<std::uint32_t>(field(frame.bytes, "tcp.seq"));
    segment.ack = static_cast<std::uint32_t>(field(frame.bytes, "tcp.ack"));
    segment.flags = static_cast<std::uint8_t>(field(frame.bytes, "tcp.flags"));
    segment.data = dissection.payload_length;
    result.push_back(segment);
  }
  return result;
}

TEST(Tcp, ASessionFromSynToFin) {
  StreamSpec spec = tcp_stream();
  spec.tcp.data_segments = 3;
  const auto all = segments(spec, 14);
  ASSERT_EQ(all.size(), 14U);
  for (std::size_t session = 0; session < 2; ++session) {
    const auto* s = all.data() + session * 7;
    const std::uint32_t isn = s[0].seq;
    const std::uint32_t ack = s[1].ack;
    EXPECT_EQ(s[0].flags, kSyn);
    EXPECT_EQ(s[0].ack, 0U);
    EXPECT_EQ(s[1].flags, kSyn | kAck);
    EXPECT_EQ(s[1].seq, isn);
    EXPECT_EQ(s[2].flags, kAck);
    EXPECT_EQ(s[2].seq, isn + 1);
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_EQ(s[3 + i].flags, kPsh | kAck);
      EXPECT_EQ(s[3 + i].seq, isn + 1 + i * 24);
      EXPECT_EQ(s[3 + i].data, 24U);
    }
    EXPECT_EQ(s[6].flags, kFin | kAck);
    EXPECT_EQ(s[6].seq, isn + 1 + 72);
    for (int i = 1; i < 7; ++i) {
      EXPECT_EQ(s[i].ack, ack);
      EXPECT_EQ(s[i].port, 40'000 + session);
    }
    EXPECT_EQ(s[0].data, 0U);
  }
  EXPECT_NE(all[0].seq, all[7].seq);
}

TEST(Tcp, OtherHandshakesAndCloses) {
  StreamSpec spec = tcp_stream();
  spec.tcp = {1, 2, TcpSessionSpec::Close::rst, TcpSessionSpec::Handshake::syn_only};
  auto all = segments(spec, 4);
  EXPECT_EQ(all[0].flags, kSyn);
  EXPECT_EQ(all[1].flags, kPsh | kAck);
  EXPECT_EQ(all[1].seq, all[0].seq + 1);
  EXPECT_EQ(all[3].flags, kRst);
  EXPECT_EQ(all[3].seq, all[0].seq + 49);
  EXPECT_EQ(all[3].ack, 0U);
  spec.tcp = {1, 2, TcpSessionSpec::Close::none, TcpSessionSpec::Handshake::none};
  all = segments(spec, 4);
  EXPECT_EQ(all[0].flags, kPsh | kAck);
  EXPECT_EQ(all[1].port, all[0].port);
  EXPECT_EQ(all[2].port, all[0].port + 1);
}

// Replayed through a model of the connection, hundreds of sessions at once never break a rule, and
// no two open sessions have the same tuple.
TEST(Tcp, ManySessionsAtOnce) {
  StreamSpec spec = tcp_stream();
  spec.tcp.concurrent = 500;
  spec.tcp.data_segments = 5;
  spec.from.port = 65'300;  // 236 ports: addresses must follow
  spec.payload.kind = "zero";
  spec.payload.size = {SizeSpec::Kind::uniform, {}, {}, 54, 1514};
  struct State {
    std::uint32_t next = 0;
    int data = 0;
    int opening = 0;
  };
  std::map<std::pair<std::uint64_t, std::uint64_t>, State> open;
  std::size_t closed = 0;
  std::size_t most = 0;
  for (const auto& segment : segments(spec, 30'000)) {
    const auto key = std::make_pair(segment.address, segment.port);
    if (segment.flags == kSyn) {
      ASSERT_FALSE(open.contains(key));
      open[key].next = segment.seq;
      most = std::max(most, open.size());
      continue;
    }
    ASSERT_TRUE(open.contains(key));
    State& state = open[key];
    ASSERT_EQ(segment.seq, state.next);
    if ((segment.flags & kSyn) != 0) {
      ++state.next;
    }
    state.next += segment.data;
    state.data += segment.flags == (kPsh | kAck) ? 1 : 0;
    if ((segment.flags & kFin) != 0) {
      ASSERT_EQ(state.data, 5);
      open.erase(key);
      ++closed;
    }
  }
  EXPECT_EQ(most, 500U);
  EXPECT_GE(closed, 3000U);
}

TEST(Tcp, SequenceIsPerSessionPlace) {
  StreamSpec spec = tcp_stream();
  spec.tcp.concurrent = 10;
  std::map<std::uint32_t, std::uint64_t> next;
  Generator generator = make({spec});
  EXPECT_EQ(generator.flows(0), 10U);
  for_each(generator, 10'000, [&](const FrameMeta& meta, base::ByteView) {
    ASSERT_EQ(meta.sequence, next[meta.flow]++);
  });
}

TEST(Tcp, TooFewFlowsForTheSessions) {
  StreamSpec spec = tcp_stream();
  spec.tcp.concurrent = 10;
  spec.flows = 5;
  EXPECT_FALSE(Generator::create({&spec, 1}, 1, kTenGigabit, {}).ok());
}

TEST(SynFlood, RandomSourcesAreUnicastAndSpread) {
  StreamSpec spec = tcp_stream();
  spec.kind = StreamSpec::Kind::syn_flood;
  std::set<std::uint64_t> sources;
  std::map<std::uint64_t, int> octets;
  for (const auto& segment : segments(spec, 20'000)) {
    ASSERT_EQ(segment.flags, kSyn);
    ASSERT_EQ(segment.data, 0U);
    ASSERT_GE(segment.port, 1024U);
    const auto first = segment.address >> 24;
    ASSERT_TRUE(first >= 1 && first <= 223 && first != 127);
    ++octets[first];
    sources.insert(segment.address << 16 | segment.port);
  }
  EXPECT_EQ(sources.size(), 20'000U);
  EXPECT_EQ(octets.size(), 222U);
}

TEST(SynFlood, CountingSources) {
  StreamSpec spec = tcp_stream();
  spec.kind = StreamSpec::Kind::syn_flood;
  spec.from.port = 65'530;
  spec.flows = 20;
  std::set<std::uint64_t> sources;
  for (const auto& segment : segments(spec, 40)) {
    sources.insert(segment.address << 16 | segment.port);
  }
  EXPECT_EQ(sources.size(), 20U);
  EXPECT_EQ(*sources.begin(), 0x0a000002ULL << 16 | 65'530);
}

}  // namespace
}  // namespace ringbed::gen
