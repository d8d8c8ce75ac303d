// A run beside other threads: one reads its counters and stops it, others run plans of their own.
// Under ThreadSanitizer in `npm test`.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "engine/run.hpp"
#include "engine/thread.hpp"
#include "plan_parts.hpp"

namespace ringbed::engine {
namespace {

Plan plan_of(std::uint64_t packets) {
  test::Parts parts = test::parts();
  parts.plan = {};
  parts.plan.u64(5, packets);
  auto plan = decode_plan(test::join(parts));
  EXPECT_TRUE(plan.ok());
  return std::move(plan).value();
}

TEST(RunConcurrency, AnotherThreadWatchesAndStopsIt) {
  const Plan plan = plan_of(1'000'000'000);
  std::array<std::uint64_t, base::kCounters.size()> cells{};
  std::atomic<bool> stop{false};
  base::Result<RunResult> result = base::Error{};
  std::jthread runner = start_thread("test-run", [&] {
    result = run(plan, {base::LiveCounters(cells), &stop});
  });
  std::atomic_ref<std::uint64_t> offered(cells[static_cast<std::size_t>(base::Counter::offered)]);
  while (offered.load(std::memory_order_relaxed) < 10'000) {
    std::this_thread::yield();
  }
  stop = true;
  runner.join();
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result.value().interrupted);
  EXPECT_EQ(result.value().imbalance, "");
  EXPECT_GE(result.value().ledger.offered, 10'000U);
  EXPECT_LT(result.value().ledger.offered, 1'000'000'000U);
}

TEST(RunConcurrency, RunsSideBySideDoNotTouchEachOther) {
  const Plan plan = plan_of(5'000);
  const std::string alone = run(plan, {}).value().digest;
  std::array<std::string, 4> digests;
  {
    std::vector<std::jthread> threads;
    for (std::string& digest : digests) {
      threads.push_back(start_thread("test-run", [&] { digest = run(plan, {}).value().digest; }));
    }
  }
  for (const std::string& digest : digests) {
    EXPECT_EQ(digest, alone);
  }
}

}  // namespace
}  // namespace ringbed::engine
