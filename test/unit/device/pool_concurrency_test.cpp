// Every kind of pool with several threads at it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "device/pools.hpp"

namespace ringbed::device {
namespace {

class PoolConcurrency : public ::testing::TestWithParam<PoolKind> {};

// Real threads that take from one core and return on another; a buffer's first bytes carry its
// holder's mark, so that a buffer held twice would be seen.
TEST_P(PoolConcurrency, ThreadsNeverShareABuffer) {
  constexpr std::uint32_t kThreads = 3;
  constexpr int kRounds = 8'000;
  PoolConfig config;
  config.kind = GetParam().name;
  config.size = 24;
  config.cores = kThreads;
  config.buffer_bytes = 128;
  auto pool = std::move(create_pool(config)).value();
  std::atomic<int> clashes{0};
  std::vector<std::atomic<std::uint32_t>> holder(24);
  std::vector<std::thread> threads;
  for (std::uint32_t core = 0; core < kThreads; ++core) {
    threads.emplace_back([&, core] {
      base::Random random(core, "pool.threads");
      std::vector<std::uint32_t> mine;
      for (int round = 0; round < kRounds; ++round) {
        if (mine.size() < 8 && random.below(2) == 0) {
          const std::uint32_t id = pool->get(core);
          if (id != kNoBuffer) {
            clashes += holder[id].exchange(core + 1) != 0 ? 1 : 0;
            pool->data(id)[0] = static_cast<std::uint8_t>(core);
            mine.push_back(id);
          }
        } else if (!mine.empty()) {
          const std::size_t at = random.below(mine.size());
          const std::uint32_t id = mine[at];
          mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(at));
          clashes += pool->data(id)[0] != core ? 1 : 0;
          clashes += holder[id].exchange(0) != core + 1 ? 1 : 0;
          clashes += pool->put(core, id) != PutResult::ok ? 1 : 0;
        }
      }
      clashes += pool->put_burst(core,
                                 [&] {
                                   for (const std::uint32_t id : mine) {
                                     holder[id] = 0;
                                   }
                                   return mine;
                                 }()) != mine.size()
                     ? 1
                     : 0;
      pool->flush(core);
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(clashes, 0);
  const PoolStats stats = pool->stats();
  EXPECT_EQ(stats.gets, stats.puts);
  EXPECT_EQ(stats.in_use, 0U);
  EXPECT_LE(stats.in_use_peak, 24U);
  std::vector<std::uint32_t> all(24);
  EXPECT_EQ(pool->get_burst(0, all), 24U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, PoolConcurrency, ::testing::ValuesIn(pool_kinds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ringbed::device
