// Frames known again by their bytes: in order, over losses, with a writer and a reader at once.
#include "engine/flight_log.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

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
