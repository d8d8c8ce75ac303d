// The contract of port.hpp, held against every row of the registry.
#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "base/random.hpp"
#include "unit/port/rig.hpp"

namespace ringbed::port {
namespace {

using namespace std::chrono_literals;

class PortContract : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override { make(1); }
  void make(std::uint32_t queues) {
    for (const Backend& row : backends()) {
      if (GetParam().starts_with(row.name) && !row.available().available) {
        RINGBED_SKIP_OR_FAIL(std::string(row.available().reason));
      }
    }
    std::string why;
    rig_ = make_rig(GetParam(), queues, why);
    if (rig_ == nullptr) {
      RINGBED_SKIP_OR_FAIL(why);
    }
    ASSERT_FALSE(HasFailure());
    for (std::uint32_t i = 0; i + 1 < Rig::kTxFrames; ++i) {
      free_.push_back(Rig::tx_address(i));
    }
  }

  Port& port() { return rig_->port(); }

  // Waits for up to `count` frames; a noisy machine may take its time.
  std::vector<ring::Descriptor> receive(std::size_t count) {
    std::vector<ring::Descriptor> frames;
    std::array<ring::Descriptor, 16> burst;
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (frames.size() < count && std::chrono::steady_clock::now() < deadline) {
      const std::size_t wanted = std::min(burst.size(), count - frames.size());
      const std::size_t got = port().rx_burst(std::span(burst).first(wanted));
      EXPECT_LE(got, wanted);
      frames.insert(frames.end(), burst.begin(), burst.begin() + static_cast<long>(got));
      if (got == 0) {
        std::this_thread::yield();
      }
    }
    return frames;
  }
  std::uint32_t number(const ring::Descriptor& frame) {
    return rig_->number_of(rig_->at(frame.address), frame.length);
  }
  Frame bytes(const ring::Descriptor& frame) {
    return {rig_->at(frame.address), rig_->at(frame.address) + frame.length};
  }
  // A frame of the umem, filled in.
  ring::Descriptor fill(std::uint32_t number, std::size_t length = 60) {
    const Frame frame = rig_->make_outgoing(number, length);
    const std::uint64_t address = free_.back();
    free_.pop_back();
    std::copy(frame.begin(), frame.end(), rig_->at(address));
    return {address, static_cast<std::uint32_t>(frame.size()), 0};
  }
  // Brings home until `count` came, or 5 s have passed; each must have been out.
  void bring_home(std::multiset<std::uint64_t>& out, std::size_t count) {
    std::array<std::uint64_t, 16> addresses;
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    std::size_t home = 0;
    while (home < count && std::chrono::steady_clock::now() < deadline) {
      const std::size_t got = port().reclaim(addresses);
      for (const std::uint64_t address : std::span(addresses).first(got)) {
        const auto found = out.find(address);
        ASSERT_NE(found, out.end()) << "came home and was not out: " << address;
        out.erase(found);
        free_.push_back(address);
      }
      home += got;
      if (got == 0) {
        std::this_thread::yield();
      }
    }
    EXPECT_EQ(home, count);
  }
  std::vector<Frame> observe(std::size_t count) {
    std::vector<Frame> frames;
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (frames.size() < count && std::chrono::steady_clock::now() < deadline) {
      for (Frame& frame : rig_->observe()) {
        frames.push_back(std::move(frame));
      }
    }
    return frames;
  }

  std::unique_ptr<Rig> rig_;
  std::vector<std::uint64_t> free_;
};

TEST_P(PortContract, ReceivesWhatWasSentInOrder) {
  std::vector<Frame> sent;
  for (std::uint32_t i = 0; i < 50; ++i) {
    sent.push_back(rig_->make(i, 60 + 29 * i));
    ASSERT_TRUE(rig_->inject(sent.back()));
  }
  const auto frames = receive(sent.size());
  ASSERT_EQ(frames.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(bytes(frames[i]), sent[i]) << "frame " << i;
  }
  port().recycle(frames);
  EXPECT_EQ(port().stats().rx_frames, sent.size());
  EXPECT_EQ(receive(0).size(), 0U);
}

TEST_P(PortContract, ABurstIsNeverLongerThanAskedFor) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(rig_->inject(rig_->make(i, 60)));
  }
  ASSERT_EQ(receive(1).size(), 1U);
  std::array<ring::Descriptor, 8> burst{};
  std::size_t total = 1;
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (total < 10 && std::chrono::steady_clock::now() < deadline) {
    burst[3].length = 0xdead;
    const std::size_t got = port().rx_burst(std::span(burst).first(3));
    ASSERT_LE(got, 3U);
    EXPECT_EQ(burst[3].length, 0xdeadU) << "wrote behind the burst";
    total += got;
  }
  EXPECT_EQ(total, 10U);
  EXPECT_EQ(port().rx_burst({}), 0U);
}

TEST_P(PortContract, WhatWaitsIsWhatIsStillToCome) {
  EXPECT_EQ(port().waiting(), 0U);
  for (std::uint32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(rig_->inject(rig_->make(i, 60)));
  }
  std::vector<ring::Descriptor> frames = receive(1);
  const bool tells = !GetParam().starts_with("packet") && !GetParam().starts_with("socket");
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (tells && port().waiting() < 19 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(port().waiting(), tells ? 19U : 0U);
  for (const ring::Descriptor& frame : receive(5)) {
    frames.push_back(frame);
  }
  EXPECT_EQ(port().waiting(), tells ? 14U : 0U);
  for (const ring::Descriptor& frame : receive(14)) {
    frames.push_back(frame);
  }
  EXPECT_EQ(port().waiting(), 0U);
  port().recycle(frames);
  port().close();
  EXPECT_EQ(port().waiting(), 0U);
}

TEST_P(PortContract, RecycledFramesCarryFurtherTraffic) {
  std::uint32_t next = 0;
  for (std::uint32_t round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < 32; ++i) {
      ASSERT_TRUE(rig_->inject(rig_->make(round * 32 + i, 100)));
    }
    const auto frames = receive(32);
    ASSERT_EQ(frames.size(), 32U) << "round " << round;
    for (const auto& frame : frames) {
      EXPECT_EQ(number(frame), next++);
    }
    port().recycle(frames);
  }
  EXPECT_EQ(port().stats().rx_dropped(), 0U);
}

TEST_P(PortContract, FramesThatAreHeldStayAsTheyAreAndTheRestIsCounted) {
  const std::uint32_t offered = 3 * Rig::kRxFrames;
  for (std::uint32_t i = 0; i < offered; ++i) {
    ASSERT_TRUE(rig_->inject(rig_->make(i, 200)));
  }
  std::vector<ring::Descriptor> held = receive(Rig::kRxFrames / 2);
  ASSERT_EQ(held.size(), Rig::kRxFrames / 2);
  for (std::uint32_t i = 0; i < held.size(); ++i) {
    EXPECT_EQ(bytes(held[i]), rig_->make(i, 200));
  }
  std::set<std::uint64_t> frames;
  for (const auto& frame : held) {
    EXPECT_TRUE(frames.insert(frame.address / Rig::kFrameBytes).second) << "lent out twice";
    EXPECT_LT(frame.address / Rig::kFrameBytes, Rig::kRxFrames) << "not an rx frame";
  }
  port().recycle(held);
  // What is left in the ring, then a last frame that shows that the port still works.
  std::uint64_t received = held.size();
  std::array<ring::Descriptor, 32> burst;
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (received + port().stats().rx_dropped() < offered &&
         std::chrono::steady_clock::now() < deadline) {
    const std::size_t got = port().rx_burst(burst);
    received += got;
    port().recycle(std::span(burst).first(got));
  }
  EXPECT_EQ(received + port().stats().rx_dropped(), offered);
  EXPECT_EQ(port().stats().rx_frames, received);
  ASSERT_TRUE(rig_->inject(rig_->make(7777, 60)));
  const auto last = receive(1);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(number(last[0]), 7777U);
}

TEST_P(PortContract, SendsInOrderAndEveryFrameComesHomeOnce) {
  std::multiset<std::uint64_t> out;
  std::vector<ring::Descriptor> frames;
  for (std::uint32_t i = 0; i < 30; ++i) {
    frames.push_back(fill(i, 60 + 40 * i));
    out.insert(frames.back().address);
  }
  ASSERT_EQ(port().tx_burst(frames), frames.size());
  const auto seen = observe(frames.size());
  ASSERT_EQ(seen.size(), frames.size());
  for (std::uint32_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i], rig_->make(i, 60 + 40 * i)) << "frame " << i;
  }
  bring_home(out, frames.size());
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(port().stats().tx_frames, frames.size());
  EXPECT_EQ(port().stats().tx_completed, frames.size());
}

// A port may send short and long bursts by different ways; neither overtakes the other.
TEST_P(PortContract, ShortAndLongBurstsKeepTheirOrder) {
  std::multiset<std::uint64_t> out;
  std::uint32_t sent = 0;
  std::vector<Frame> seen;
  for (const std::size_t size : {1U, 16U, 3U, 32U, 15U, 1U, 24U, 2U}) {
    std::vector<ring::Descriptor> frames;
    for (std::size_t i = 0; i < size; ++i) {
      frames.push_back(fill(sent++));
      out.insert(frames.back().address);
    }
    ASSERT_EQ(port().tx_burst(frames), size);
    port().flush();
    bring_home(out, size);
    const auto more = observe(size);
    seen.insert(seen.end(), more.begin(), more.end());
  }
  ASSERT_EQ(seen.size(), sent);
  for (std::uint32_t i = 0; i < sent; ++i) {
    ASSERT_EQ(seen[i], rig_->make(i, 60)) << "frame " << i;
  }
}

TEST_P(PortContract, AFullRingTakesTheFirstPartAndTheRestLater) {
  std::multiset<std::uint64_t> out;
  std::vector<ring::Descriptor> frames;
  for (std::uint32_t i = 0; i < 2 * Rig::kTxDescriptors; ++i) {
    frames.push_back(fill(i));
  }
  // Nobody reclaims, so the ring must fill up.
  const std::size_t first = port().tx_burst(frames);
  ASSERT_GT(first, 0U);
  ASSERT_LE(first, Rig::kTxDescriptors);
  EXPECT_EQ(port().stats().tx_full, frames.size() - first);
  std::size_t sent = 0;
  const auto account = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      out.insert(frames[sent + i].address);
    }
    sent += count;
  };
  account(first);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  std::vector<Frame> seen;
  while (sent < frames.size() && std::chrono::steady_clock::now() < deadline) {
    bring_home(out, out.size());
    for (Frame& frame : rig_->observe()) {
      seen.push_back(std::move(frame));
    }
    account(port().tx_burst(std::span(frames).subspan(sent)));
  }
  ASSERT_EQ(sent, frames.size());
  bring_home(out, out.size());
  for (Frame& frame : observe(frames.size() - seen.size())) {
    seen.push_back(std::move(frame));
  }
  ASSERT_EQ(seen.size(), frames.size());
  for (std::uint32_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(rig_->number_of(seen[i].data(), seen[i].size()), i);
  }
}

TEST_P(PortContract, AFrameThatCannotBeSentIsADropAndComesHome) {
  std::multiset<std::uint64_t> out;
  std::array<ring::Descriptor, 3> frames{fill(1), fill(2), fill(3)};
  frames[1].length = Rig::kFrameBytes + 1;
  for (const auto& frame : frames) {
    out.insert(frame.address);
  }
  ASSERT_EQ(port().tx_burst(frames), 3U);
  bring_home(out, 3);
  const auto seen = observe(2);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(rig_->number_of(seen[0].data(), seen[0].size()), 1U);
  EXPECT_EQ(rig_->number_of(seen[1].data(), seen[1].size()), 3U);
  EXPECT_EQ(port().stats().tx_dropped(), 1U);
}

TEST_P(PortContract, NothingIsLostUnderAnyMixOfCalls) {
  base::Random random(42, "port.contract");
  std::multiset<std::uint64_t> out;
  std::uint64_t injected = 0;
  std::uint64_t received = 0;
  std::uint64_t accepted = 0;
  std::uint64_t observed = 0;
  std::array<ring::Descriptor, 32> burst;
  for (int step = 0; step < 3000; ++step) {
    switch (random.below(4)) {
      case 0: {
        for (std::uint64_t i = random.below(8); i > 0; --i) {
          injected += rig_->inject(rig_->make(static_cast<std::uint32_t>(injected), 80)) ? 1 : 0;
        }
        break;
      }
      case 1: {
        const std::size_t got = port().rx_burst(std::span(burst).first(random.below(33)));
        received += got;
        port().recycle(std::span(burst).first(got));
        break;
      }
      case 2: {
        std::vector<ring::Descriptor> frames;
        for (std::uint64_t i = random.below(33); i > 0 && !free_.empty(); --i) {
          frames.push_back(fill(static_cast<std::uint32_t>(accepted + frames.size())));
        }
        const std::size_t count = port().tx_burst(frames);
        for (std::size_t i = 0; i < frames.size(); ++i) {
          if (i < count) {
            out.insert(frames[i].address);
          } else {
            free_.push_back(frames[i].address);
          }
        }
        accepted += count;
        break;
      }
      default: {
        std::array<std::uint64_t, 16> addresses;
        const std::size_t got = port().reclaim(std::span(addresses).first(random.below(17)));
        for (const std::uint64_t address : std::span(addresses).first(got)) {
          const auto found = out.find(address);
          ASSERT_NE(found, out.end());
          out.erase(found);
          free_.push_back(address);
        }
      }
    }
    observed += rig_->observe().size();
  }
  bring_home(out, out.size());
  EXPECT_EQ(out.size(), 0U);
  EXPECT_EQ(free_.size(), Rig::kTxFrames - 1);
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (received + port().stats().rx_dropped() < injected &&
         std::chrono::steady_clock::now() < deadline) {
    const std::size_t got = port().rx_burst(burst);
    received += got;
    port().recycle(std::span(burst).first(got));
  }
  const PortStats stats = port().stats();
  EXPECT_EQ(received + stats.rx_dropped(), injected);
  EXPECT_EQ(stats.tx_frames, accepted);
  EXPECT_EQ(stats.tx_completed, stats.tx_frames);
  observed += observe(accepted - stats.tx_dropped() - observed).size();
  EXPECT_EQ(observed + stats.tx_dropped(), accepted);
}

TEST_P(PortContract, CloseWhileTrafficFlowsGivesEverythingBack) {
  std::multiset<std::uint64_t> out;
  for (std::uint32_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(rig_->inject(rig_->make(i, 60)));
  }
  std::vector<ring::Descriptor> held = receive(5);
  ASSERT_EQ(held.size(), 5U);
  std::vector<ring::Descriptor> frames;
  for (std::uint32_t i = 0; i < 40; ++i) {
    frames.push_back(fill(100 + i));
  }
  const std::size_t accepted = port().tx_burst(frames);
  for (std::size_t i = 0; i < accepted; ++i) {
    out.insert(frames[i].address);
  }
  port().close();
  port().close();
  std::array<ring::Descriptor, 8> burst;
  EXPECT_EQ(port().rx_burst(burst), 0U);
  EXPECT_EQ(port().tx_burst(std::span(frames).first(1)), 0U);
  for (std::uint32_t i = 0; i < held.size(); ++i) {
    EXPECT_EQ(number(held[i]), i) << "a held frame changed";
  }
  port().recycle(held);
  bring_home(out, accepted);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(port().stats().rx_frames, 5U);
}

// Two queues of one interface, which share a umem.
class PortContractOfQueues : public PortContract {
 protected:
  static constexpr std::uint32_t kQueues = 2;
  void SetUp() override { make(kQueues); }

  // Takes what there is at a queue, and counts by number; each frame must be one of the queue's.
  void take(std::uint32_t queue, std::vector<int>& seen) {
    std::array<ring::Descriptor, 8> burst;
    const std::size_t got = rig_->port(queue).rx_burst(burst);
    for (const auto& frame : std::span(burst).first(got)) {
      const std::uint32_t number = rig_->number_of(rig_->at(frame.address), frame.length);
      ASSERT_LT(number, seen.size());
      ++seen[number];
      owners_.insert({frame.address / Rig::kFrameBytes, queue});
    }
    rig_->port(queue).recycle(std::span(burst).first(got));
  }
  std::uint64_t dropped() {
    return rig_->port(0).stats().rx_dropped() + rig_->port(1).stats().rx_dropped();
  }

  std::set<std::pair<std::uint64_t, std::uint32_t>> owners_;
};

TEST_P(PortContractOfQueues, ShareTheTrafficAndTheUmemWithoutLoss) {
  constexpr std::uint32_t kFrames = 600;
  std::vector<int> seen(kFrames);
  std::multiset<std::uint64_t> out;
  std::uint64_t sent = 0;
  std::uint64_t observed = 0;
  std::array<std::uint64_t, 16> addresses;
  const auto bring = [&](std::uint32_t queue) {
    const std::size_t got = rig_->port(queue).reclaim(addresses);
    for (const std::uint64_t address : std::span(addresses).first(got)) {
      const auto found = out.find(address);
      ASSERT_NE(found, out.end());
      out.erase(found);
      free_.push_back(address);
    }
  };
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    ASSERT_TRUE(rig_->inject(rig_->make(i, 100)));
    const std::uint32_t queue = i % kQueues;
    take(queue, seen);
    const ring::Descriptor frame = fill(i);
    if (rig_->port(queue).tx_burst({&frame, 1}) == 1) {
      out.insert(frame.address);
      ++sent;
    } else {
      free_.push_back(frame.address);
    }
    bring(queue);
    observed += rig_->observe().size();
  }
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  const auto received = [&] {
    return static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), 1));
  };
  while ((received() + dropped() < kFrames || !out.empty()) &&
         std::chrono::steady_clock::now() < deadline) {
    for (std::uint32_t queue = 0; queue < kQueues; ++queue) {
      take(queue, seen);
      bring(queue);
    }
  }
  EXPECT_EQ(received() + dropped(), kFrames) << "a frame came twice, or never";
  EXPECT_TRUE(out.empty());
  observed += observe(sent - observed).size();
  EXPECT_EQ(observed, sent);
  std::set<std::uint64_t> frames;
  for (const auto& [frame, queue] : owners_) {
    EXPECT_TRUE(frames.insert(frame).second) << "a frame of two queues";
    EXPECT_EQ(frame / Rig::kRxFrames / (GetParam() == "loopback" ? 2 : 1), queue);
  }
}

TEST_P(PortContractOfQueues, OneClosesAndTheOtherGoesOn) {
  rig_->port(1).close();
  std::multiset<std::uint64_t> out;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const ring::Descriptor frame = fill(i);
    ASSERT_EQ(rig_->port(0).tx_burst({&frame, 1}), 1U);
    out.insert(frame.address);
  }
  bring_home(out, 20);
  EXPECT_EQ(observe(20).size(), 20U);
  EXPECT_EQ(rig_->port(1).tx_burst({}), 0U);
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> rows;
  for (const Backend& row : backends()) {
    rows.push_back(row.name);
  }
  rows.push_back(kSocketRows);
  rows.push_back(kSocketV6);
  return rows;
}

// What redirects frames has one queue.
std::vector<std::string_view> names_of_one_queue() {
  std::vector<std::string_view> rows = names();
  rows.push_back(kXdpLive);
  return rows;
}
std::vector<std::string_view> names_of_several_queues() {
  std::vector<std::string_view> rows = names();
  std::erase(rows, "kernel");
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Registry, PortContract, testing::ValuesIn(names_of_one_queue()),
                         [](const auto& row) { return std::string(row.param); });

INSTANTIATE_TEST_SUITE_P(Registry, PortContractOfQueues,
                         testing::ValuesIn(names_of_several_queues()),
                         [](const auto& row) { return std::string(row.param); });

}  // namespace
}  // namespace ringbed::port
