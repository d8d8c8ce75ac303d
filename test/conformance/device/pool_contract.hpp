// The contract of a response pool, for every row of pool_kinds(): a new kind is held to it by being
// in the table. What a kind may do differently is asked of the pool (cores()), not of its name.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "device/pools.hpp"

namespace ringbed::device::contract {

class PoolContract : public ::testing::TestWithParam<PoolKind> {
 protected:
  static PoolConfig config(std::uint32_t size, std::uint32_t cores = 1) {
    PoolConfig config;
    config.kind = GetParam().name;
    config.size = size;
    config.cores = cores;
    config.buffer_bytes = 128;
    return config;
  }
  static std::unique_ptr<ResponsePool> make(std::uint32_t size, std::uint32_t cores = 1) {
    auto made = create_pool(config(size, cores));
    EXPECT_TRUE(made.ok());
    return std::move(made).value();
  }
};

TEST_P(PoolContract, EveryBufferOnceThenNone) {
  for (const std::uint32_t size : {1U, 2U, 3U, 64U, 100U, 257U, 1000U}) {
    auto pool = make(size);
    std::set<std::uint32_t> ids;
    for (std::uint32_t i = 0; i < size; ++i) {
      const std::uint32_t id = pool->get(0);
      ASSERT_LT(id, size);
      EXPECT_TRUE(ids.insert(id).second);
    }
    EXPECT_EQ(pool->get(0), kNoBuffer);
    PoolStats stats = pool->stats();
    EXPECT_EQ(stats.gets, size);
    EXPECT_EQ(stats.exhausted, 1U);
    EXPECT_EQ(stats.in_use, size);
    EXPECT_EQ(stats.in_use_peak, size);
    for (const std::uint32_t id : ids) {
      EXPECT_EQ(pool->put(0, id), PutResult::ok);
    }
    stats = pool->stats();
    EXPECT_EQ(stats.puts, size);
    EXPECT_EQ(stats.in_use, 0U);
    EXPECT_EQ(stats.in_use_peak, size);
    EXPECT_NE(pool->get(0), kNoBuffer);
  }
}

TEST_P(PoolContract, BuffersAreDisjointAndWritable) {
  auto pool = make(33);
  std::vector<std::uint32_t> ids(33);
  ASSERT_EQ(pool->get_burst(0, ids), 33U);
  for (const std::uint32_t id : ids) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool->data(id)) % 64, 0U);
    std::fill_n(pool->data(id), pool->capacity(), static_cast<std::uint8_t>(id));
  }
  for (const std::uint32_t id : ids) {
    for (std::uint32_t i = 0; i < pool->capacity(); ++i) {
      ASSERT_EQ(pool->data(id)[i], static_cast<std::uint8_t>(id));
    }
  }
  EXPECT_GE(pool->bytes(), 33U * 128);
}

TEST_P(PoolContract, LiesInTheMemoryOfTheCaller) {
  std::vector<std::uint8_t> area(4096 * 5);
  const PoolMemory memory{area.data(), area.size(), 4096};
  auto made = create_pool(config(5), memory);
  ASSERT_TRUE(made.ok());
  auto pool = std::move(made).value();
  EXPECT_EQ(pool->data(4), area.data() + 4 * 4096);
  EXPECT_EQ(pool->offset(4), 4U * 4096);
  EXPECT_EQ(create_pool(config(6), memory).error().code, base::ErrorCode::invalid);
  EXPECT_EQ(create_pool(config(1), {area.data(), area.size(), 64}).error().code,
            base::ErrorCode::invalid);
}

TEST_P(PoolContract, DoubleAndForeignReturnsAreToldAndHarmless) {
  auto pool = make(4);
  const std::uint32_t a = pool->get(0);
  const std::uint32_t b = pool->get(0);
  EXPECT_EQ(pool->put(0, a), PutResult::ok);
  EXPECT_EQ(pool->put(0, a), PutResult::doubled);
  EXPECT_EQ(pool->put(0, 4), PutResult::foreign);
  EXPECT_EQ(pool->put(0, kNoBuffer), PutResult::foreign);
  const std::uint32_t never_taken = [&] {
    for (std::uint32_t id = 0;; ++id) {
      if (id != a && id != b) {
        return id;
      }
    }
  }();
  EXPECT_EQ(pool->put(0, never_taken), PutResult::doubled);
  const std::uint32_t bad[] = {b, b, 77, never_taken};
  EXPECT_EQ(pool->put_burst(0, bad), 1U);
  const PoolStats stats = pool->stats();
  EXPECT_EQ(stats.double_puts, 4U);
  EXPECT_EQ(stats.foreign_puts, 3U);
  EXPECT_EQ(stats.gets, 2U);
  EXPECT_EQ(stats.puts, 2U);
  EXPECT_EQ(stats.in_use, 0U);
  std::set<std::uint32_t> ids;
  for (int i = 0; i < 4; ++i) {
    ids.insert(pool->get(0));
  }
  EXPECT_EQ(ids, (std::set<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(pool->get(0), kNoBuffer);
}

TEST_P(PoolContract, BurstsGiveWhatIsThere) {
  auto pool = make(10);
  std::vector<std::uint32_t> ids(16, 999);
  EXPECT_EQ(pool->get_burst(0, std::span(ids).first(7)), 7U);
  EXPECT_EQ(pool->get_burst(0, std::span(ids).subspan(7)), 3U);
  EXPECT_EQ(ids[10], 999U);
  EXPECT_EQ(pool->stats().exhausted, 6U);
  EXPECT_EQ(std::set<std::uint32_t>(ids.begin(), ids.begin() + 10).size(), 10U);
  EXPECT_EQ(pool->put_burst(0, std::span(ids).first(10)), 10U);
  EXPECT_EQ(pool->get_burst(0, {}), 0U);
}

// Random operations against a set of what is out; the seed is printed with a failure.
TEST_P(PoolContract, AgreesWithAModel) {
  constexpr std::uint64_t kSeed = 0x706f6f6c;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  base::Random random(kSeed, GetParam().name);
  constexpr std::uint32_t kSize = 70;
  auto pool = make(kSize);
  std::vector<std::uint32_t> out;
  PoolStats model;
  for (int step = 0; step < 20'000; ++step) {
    switch (random.below(6)) {
      case 0:
      case 1: {
        const std::uint32_t id = pool->get(0);
        ASSERT_EQ(id == kNoBuffer, out.size() == kSize);
        if (id == kNoBuffer) {
          ++model.exhausted;
        } else {
          ASSERT_EQ(std::count(out.begin(), out.end(), id), 0);
          out.push_back(id);
          ++model.gets;
        }
        break;
      }
      case 2: {
        std::vector<std::uint32_t> ids(random.below(40));
        const std::size_t count = pool->get_burst(0, ids);
        ASSERT_EQ(count, std::min<std::size_t>(ids.size(), kSize - out.size()));
        model.exhausted += ids.size() - count;
        model.gets += count;
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_EQ(std::count(out.begin(), out.end(), ids[i]), 0);
          out.push_back(ids[i]);
        }
        break;
      }
      case 3:
      case 4: {
        const auto id = static_cast<std::uint32_t>(random.below(kSize + 3));
        const auto held = std::find(out.begin(), out.end(), id);
        const PutResult expected = id >= kSize         ? PutResult::foreign
                                   : held == out.end() ? PutResult::doubled
                                                       : PutResult::ok;
        ASSERT_EQ(pool->put(0, id), expected);
        model.foreign_puts += expected == PutResult::foreign ? 1 : 0;
        model.double_puts += expected == PutResult::doubled ? 1 : 0;
        model.puts += expected == PutResult::ok ? 1 : 0;
        if (held != out.end()) {
          out.erase(held);
        }
        break;
      }
      default: {
        const std::size_t count = random.below(out.size() + 1);
        const std::vector<std::uint32_t> ids(out.end() - static_cast<std::ptrdiff_t>(count),
                                             out.end());
        ASSERT_EQ(pool->put_burst(0, ids), count);
        out.resize(out.size() - count);
        model.puts += count;
        if (random.below(4) == 0) {
          pool->flush(0);
        }
        break;
      }
    }
    model.in_use_peak = std::max(model.in_use_peak, static_cast<std::uint32_t>(out.size()));
    const PoolStats stats = pool->stats();
    ASSERT_EQ(stats.in_use, out.size());
    ASSERT_EQ(stats.in_use_peak, model.in_use_peak);
    ASSERT_EQ(stats.gets, model.gets);
    ASSERT_EQ(stats.puts, model.puts);
    ASSERT_EQ(stats.exhausted, model.exhausted);
    ASSERT_EQ(stats.double_puts, model.double_puts);
    ASSERT_EQ(stats.foreign_puts, model.foreign_puts);
  }
}

// No core is starved by what others keep for themselves: seven eighths of the pool are there at
// once for any core, and the rest as soon as the others put or flush.
TEST_P(PoolContract, CachesOfOtherCoresStarveNobody) {
  constexpr std::uint32_t kSize = 256;
  constexpr std::uint32_t kCores = 4;
  auto pool = make(kSize, kCores);
  std::vector<std::uint32_t> ids;
  for (std::uint32_t core = 0; core < kCores; ++core) {  // fill every cache
    std::vector<std::uint32_t> some(32);
    ASSERT_EQ(pool->get_burst(core, some), 32U);
    ids.insert(ids.end(), some.begin(), some.end());
  }
  const std::uint32_t last = ids.back();
  ids.pop_back();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(pool->put(static_cast<std::uint32_t>(i % kCores), ids[i]), PutResult::ok);
  }
  std::vector<std::uint32_t> all(kSize);
  std::size_t count = pool->get_burst(0, all);
  EXPECT_GE(count, kSize - 1 - kSize / 8);
  ASSERT_EQ(pool->put(1, last), PutResult::ok);  // core 1 hears that core 0 wants more
  for (std::uint32_t core = 2; core < kCores; ++core) {
    pool->flush(core);
  }
  count += pool->get_burst(0, std::span(all).subspan(count));
  EXPECT_EQ(count, kSize);
  EXPECT_EQ(std::set<std::uint32_t>(all.begin(), all.end()).size(), kSize);
}

// Taken on one core, completed on another, as transmit completions do.
TEST_P(PoolContract, BuffersMayComeHomeThroughAnotherCore) {
  auto pool = make(64, 2);
  for (int round = 0; round < 1000; ++round) {
    std::uint32_t ids[8];
    ASSERT_EQ(pool->get_burst(0, ids), 8U) << round;
    ASSERT_EQ(pool->put_burst(1, ids), 8U);
  }
  EXPECT_EQ(pool->stats().in_use, 0U);
}

}  // namespace ringbed::device::contract
