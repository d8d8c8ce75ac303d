#include "ring/umem.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "ring/memory_area.hpp"

namespace ringbed::ring {
namespace {

TEST(FrameAllocator, HandsOutEveryFrameOnceThenNothing) {
  FrameAllocator frames(5, 11);
  std::set<std::uint64_t> addresses;
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t address = frames.allocate();
    EXPECT_EQ(address % 2048, 0U);
    EXPECT_LT(address, 5U * 2048);
    EXPECT_TRUE(addresses.insert(address).second);
  }
  EXPECT_EQ(frames.allocate(), FrameAllocator::kNoFrame);
  EXPECT_EQ(frames.exhausted(), 1U);
}

TEST(FrameAllocator, ReusesTheFrameThatCameHomeLast) {
  FrameAllocator frames(4, 11);
  const std::uint64_t a = frames.allocate();
  const std::uint64_t b = frames.allocate();
  EXPECT_EQ(a, 0U);
  EXPECT_EQ(frames.free(a), FreeResult::ok);
  EXPECT_EQ(frames.free(b), FreeResult::ok);
  EXPECT_EQ(frames.allocate(), b);
  EXPECT_EQ(frames.allocate(), a);
}

TEST(FrameAllocator, AnyAddressInAFrameStandsForIt) {
  FrameAllocator frames(2, 11);
  const std::uint64_t a = frames.allocate();
  EXPECT_EQ(frames.free(a + 256), FreeResult::ok);  // with the headroom
  EXPECT_EQ(frames.free_count(), 2U);
}

TEST(FrameAllocator, DetectsDoubleAndForeignFrees) {
  FrameAllocator frames(2, 11);
  const std::uint64_t a = frames.allocate();
  EXPECT_EQ(frames.free(a), FreeResult::ok);
  EXPECT_EQ(frames.free(a), FreeResult::doubled);
  EXPECT_EQ(frames.free(2 * 2048), FreeResult::foreign);
  EXPECT_EQ(frames.free(UINT64_MAX), FreeResult::foreign);
  EXPECT_EQ(frames.free_count(), 2U);
  EXPECT_EQ(frames.doubled(), 1U);
  EXPECT_EQ(frames.foreign(), 2U);
}

TEST(FrameAllocator, BurstsTakeWhatIsThere) {
  FrameAllocator frames(3, 12);
  std::vector<std::uint64_t> addresses(5, 77);
  EXPECT_EQ(frames.allocate(addresses), 3U);
  EXPECT_EQ(frames.exhausted(), 2U);
  EXPECT_EQ(addresses[3], 77U);
}

TEST(Umem, MapsZeroedPageAlignedFrames) {
  auto created = Umem::create(16, 2048);
  ASSERT_TRUE(created.ok());
  Umem umem = std::move(created).value();
  EXPECT_EQ(umem.area().size(), 16U * 2048);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(umem.area().data()) % 4096, 0U);
  EXPECT_TRUE(std::all_of(umem.area().begin(), umem.area().end(), [](auto b) { return b == 0; }));
  const std::uint64_t address = umem.frames().allocate();
  const base::MutableBytes bytes = umem.bytes(address, 2048);
  ASSERT_EQ(bytes.size(), 2048U);
  std::fill(bytes.begin(), bytes.end(), std::uint8_t{0xab});
}

TEST(Umem, HugePagesFallBackToOrdinaryOnes) {
  auto created = Umem::create(4, 4096, {}, true);
  ASSERT_TRUE(created.ok());
  std::move(created).value().area()[0] = 1;
}

TEST(Umem, ClipsDescriptorsToItsArea) {
  auto created = Umem::create(2, 2048);
  ASSERT_TRUE(created.ok());
  Umem umem = std::move(created).value();
  EXPECT_EQ(umem.bytes(4000, 2048).size(), 96U);
  EXPECT_TRUE(umem.bytes(4096, 1).empty());
  EXPECT_TRUE(umem.bytes(UINT64_MAX, 1).empty());
}

TEST(Umem, TakesAnAreaOfTheCaller) {
  std::vector<std::uint8_t> area(8192);
  auto created = Umem::create(4, 2048, area);
  ASSERT_TRUE(created.ok());
  Umem umem = std::move(created).value();
  EXPECT_EQ(umem.area().data(), area.data());
  const auto small = Umem::create(5, 2048, area);
  ASSERT_FALSE(small.ok());
  EXPECT_EQ(small.error().code, base::ErrorCode::invalid);
  EXPECT_NE(small.error().message.find("10240"), std::string::npos);
}

TEST(Umem, RefusesImpossibleSizes) {
  EXPECT_EQ(Umem::create(0, 2048).error().code, base::ErrorCode::invalid);
  EXPECT_EQ(Umem::create(4, 2000).error().code, base::ErrorCode::invalid);
  EXPECT_EQ(Umem::create(4, 32).error().code, base::ErrorCode::invalid);
}

TEST(MemoryArea, MoreThanThereIsIsAResourceError) {
  const auto area = MemoryArea::map(std::size_t{1} << 62);
  ASSERT_FALSE(area.ok());
  EXPECT_EQ(area.error().code, base::ErrorCode::resource);
}

}  // namespace
}  // namespace ringbed::ring
