// Frames known again by their bytes: in order, over losses, with a writer and a reader at once.
#include "engine/flight_log.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "support/nanonet_request.hpp"

namespace ringbed::engine {
namespace {

Flight flight(std::uint64_t sequence) { return {sequence * 1000, sequence, 3, 7}; }

TEST(FlightLog, FindsWhatWasAddedAndStepsOverWhatWasLost) {
  FlightLog log(16);
  FlightReader reader(log);
  Flight found;
  EXPECT_FALSE(reader.find(1, found));
  for (std::uint64_t i = 0; i < 10; ++i) {
    log.add(100 + i, flight(i));
  }
  ASSERT_TRUE(reader.find(100, found));
  EXPECT_EQ(found.sequence, 0U);
  ASSERT_TRUE(reader.find(105, found));
  EXPECT_EQ(found.sequence, 5U);
  EXPECT_EQ(found.departure_ns, 5000U);
  EXPECT_EQ(found.stream, 3U);
  EXPECT_EQ(found.flow, 7U);
  EXPECT_FALSE(reader.find(999, found));
  EXPECT_TRUE(reader.find(106, found)) << "a miss must not move the reader";
}

TEST(FlightLog, FindsWhatWasOvertakenOnce) {
  FlightLog log(4096);
  FlightReader reader(log);
  for (std::uint64_t i = 0; i < 3000; ++i) {
    log.add(100 + i % 2500, flight(i));  // the last 500 repeat the first
  }
  Flight found;
  ASSERT_TRUE(reader.find(100 + 2000, found));
  ASSERT_TRUE(reader.find(100 + 1999, found)) << "the newest that was stepped over";
  EXPECT_EQ(found.sequence, 1999U);
  EXPECT_FALSE(reader.find(100 + 1999, found)) << "taken";
  ASSERT_TRUE(reader.find(100 + 976, found)) << "the oldest that is remembered";
  EXPECT_EQ(found.sequence, 976U);
  EXPECT_FALSE(reader.find(100 + 975, found)) << "too long ago: lost";
  ASSERT_TRUE(reader.find(100 + 3, found)) << "the later one with the same bytes";
  EXPECT_EQ(found.sequence, 2503U);
}

TEST(FlightLog, KnowsEditedFramesByWhatIsLeft) {
  FlightLog log(64, true);
  FlightReader reader(log);
  const auto trace = [](std::uint64_t i) { return FlightTrace{1000 + i, 2000 + i % 2}; };
  for (std::uint64_t i = 0; i < 10; ++i) {
    log.add(100 + i, flight(i), trace(i));
  }
  Flight found;
  EXPECT_FALSE(reader.find_edited({1, 2}, Likeness::message, found));
  EXPECT_FALSE(reader.find_edited(trace(5), Likeness::both, found, 5)) << "out of reach";
  ASSERT_TRUE(reader.find_edited(trace(5), Likeness::both, found, 6));
  EXPECT_EQ(found.sequence, 5U);
  EXPECT_EQ(found.stream, 3U);
  EXPECT_FALSE(reader.find_edited({1007, 1}, Likeness::both, found));
  EXPECT_FALSE(reader.find_edited({1, 2001}, Likeness::message, found));
  ASSERT_TRUE(reader.find_edited({1, 2001}, Likeness::path, found));
  EXPECT_EQ(found.sequence, 7U) << "the next one with that path";
  ASSERT_TRUE(reader.find(108, found)) << "edited and whole frames share one place";
  EXPECT_EQ(found.sequence, 8U);
}

TEST(FlightTrace, LeavesOutWhatIsRewrittenOnTheWay) {
  using device::testing::Bytes;
  const Bytes whole = device::testing::Request().frame();
  const auto plain = flight_trace(whole);
  const auto same = [&](const Bytes& frame, Likeness likeness) {
    return alike(flight_trace(frame), plain, likeness);
  };
  Bytes frame = whole;
  frame[0] ^= 1;                                      // MAC address
  frame[22] -= 1;                                     // TTL
  frame.resize(frame.size() + 6);                     // padding
  frame.insert(frame.begin() + 12, {0x81, 0, 0, 5});  // a VLAN tag
  EXPECT_TRUE(same(frame, Likeness::both));
  frame = whole;
  frame[30] ^= 1;  // an address
  EXPECT_TRUE(same(frame, Likeness::message));
  EXPECT_FALSE(same(frame, Likeness::path));
  frame = whole;
  frame.back() ^= 1;  // the message
  EXPECT_FALSE(same(frame, Likeness::message));
  EXPECT_TRUE(same(frame, Likeness::path));
  for (std::size_t length = 0; length < frame.size(); ++length) {
    static_cast<void>(flight_trace(base::ByteView(frame).first(length)));  // of any bytes
  }
}

TEST(FlightLog, EqualFramesAreTakenInOrder) {
  FlightLog log(8);
  FlightReader reader(log);
  for (std::uint64_t i = 0; i < 5; ++i) {
    log.add(42, flight(i));
  }
  Flight found;
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(reader.find(42, found));
    EXPECT_EQ(found.sequence, i);
  }
  EXPECT_FALSE(reader.find(42, found));
}

TEST(FlightLog, OverwrittenRecordsAreForgottenAndCounted) {
  FlightLog log(8);
  FlightReader reader(log);
  for (std::uint64_t i = 0; i < 100; ++i) {
    log.add(i, flight(i));
  }
  Flight found;
  EXPECT_FALSE(reader.find(50, found));
  ASSERT_TRUE(reader.find(99, found));
  EXPECT_EQ(found.sequence, 99U);
  EXPECT_EQ(reader.forgotten(), 93U);
}

TEST(FlightLog, AReaderBesideAWriterNeverSeesAMixture) {
  constexpr std::uint64_t kCount = 200'000;
  FlightLog log(256);
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      log.add(i, flight(i));
    }
  });
  FlightReader reader(log);
  std::uint64_t hits = 0;
  for (std::uint64_t wanted = 0; wanted < kCount;) {
    const std::uint64_t written = log.written();
    Flight found;
    if (wanted < written && reader.find(wanted, found)) {
      ASSERT_EQ(found.sequence, wanted);
      ASSERT_EQ(found.departure_ns, wanted * 1000);
      ++hits;
    }
    // On from here, or to what is newest when the writer has left us behind.
    wanted = wanted + 128 < written ? written - 1 : wanted + (wanted < written ? 1 : 0);
  }
  writer.join();
  EXPECT_GT(hits, 0U);
}

TEST(FlightHash, DependsOnEveryByteOfHeadersAndTrailerAndOnTheLength) {
  for (const std::size_t length : {5UL, 15UL, 16UL, 60UL, 61UL, 127UL, 144UL}) {
    std::vector<std::uint8_t> frame(length, 0x5a);
    const std::uint64_t before = flight_hash(frame);
    for (std::size_t i = 0; i < length; ++i) {
      frame[i] ^= 1;
      EXPECT_NE(flight_hash(frame), before) << length << " bytes, byte " << i;
      frame[i] ^= 1;
    }
    EXPECT_EQ(flight_hash(frame), before);
    frame.push_back(0x5a);
    EXPECT_NE(flight_hash(frame), before);
  }
}

}  // namespace
}  // namespace ringbed::engine
