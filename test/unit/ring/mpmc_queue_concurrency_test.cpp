// The MPMC queue between six threads.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "ring/mpmc_queue.hpp"

namespace ringbed::ring {
namespace {

// Three senders, three receivers: each item arrives once, and each receiver sees the items of any
// one sender in the order in which they were sent.
TEST(MpmcQueue, ManyThreadsLoseNothingAndKeepEachSendersOrder) {
  constexpr std::uint64_t kSenders = 3;
  constexpr std::uint64_t kEach = 40'000;
  MpmcQueue<std::uint64_t> queue(128);
  std::atomic<std::uint64_t> received{0};
  std::vector<std::vector<std::uint64_t>> got(3);
  std::vector<std::thread> threads;
  for (std::uint64_t sender = 0; sender < kSenders; ++sender) {
    threads.emplace_back([&queue, sender] {
      std::uint64_t next = 0;
      while (next < kEach) {
        std::array<std::uint64_t, 7> items;
        const std::size_t count = std::min<std::uint64_t>(1 + next % 7, kEach - next);
        for (std::size_t i = 0; i < count; ++i) {
          items[i] = sender << 32 | (next + i);
        }
        const std::size_t sent = queue.push(std::span<const std::uint64_t>(items).first(count));
        next += sent;
        if (sent == 0) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (auto& mine : got) {
    threads.emplace_back([&queue, &received, &mine] {
      mine.reserve(kSenders * kEach);
      while (received.load() < kSenders * kEach) {
        std::array<std::uint64_t, 5> items;
        const std::size_t count = queue.pop(std::span(items));
        mine.insert(mine.end(), items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count));
        received += count;
        if (count == 0) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  std::vector<std::vector<int>> seen(kSenders, std::vector<int>(kEach));
  for (const auto& mine : got) {
    std::vector<std::uint64_t> last(kSenders);
    for (const std::uint64_t item : mine) {
      const std::uint64_t sender = item >> 32;
      const std::uint64_t number = item & 0xffff'ffff;
      ASSERT_LT(sender, kSenders);
      ASSERT_LT(number, kEach);
      ++seen[sender][number];
      ASSERT_GE(number + 1, last[sender]);
      last[sender] = number + 1;
    }
  }
  for (const auto& counts : seen) {
    for (const int count : counts) {
      ASSERT_EQ(count, 1);
    }
  }
}

}  // namespace
}  // namespace ringbed::ring
