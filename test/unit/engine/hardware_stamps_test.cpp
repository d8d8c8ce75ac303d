// The way of a stamp from the driver to the books, as far as it can be gone without a NIC that has
// a clock: a veth answers the program's question, with the stamp that its frames have (none); and a
// clock of the system's stands for the NIC's.
#include "engine/hardware_stamps.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "port/registry.hpp"
#include "port/veth.hpp"
#include "ring/memory_area.hpp"
#include "unit/port/rig.hpp"

namespace ringbed::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kFrameBytes = 2048;
constexpr std::uint32_t kFrames = 64;

struct End {
  ring::MemoryArea area;
  port::Ports ports;
};

class StampsOverVeth : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = port::VethPair::create("rs", {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 1, 1500);
    if (!pair) {
      RINGBED_SKIP_OR_FAIL(pair.error().message);
    }
    pair_ = std::make_unique<port::VethPair>(std::move(pair).value());
  }

  End open(port::VethPair::End& at, std::uint32_t function) {
    End end;
    auto area = ring::MemoryArea::map(2 * kFrames * kFrameBytes, ring::Pages::ordinary);
    EXPECT_TRUE(area.ok());
    end.area = std::move(area).value();
    // Whatever was in front of a frame before.
    std::fill_n(end.area.data(), end.area.size(), std::uint8_t{0xa5});
    port::PortConfig config;
    config.where = at.link.name;
    config.area = {end.area.data(), end.area.size()};
    config.frame_bytes = kFrameBytes;
    config.rx_frames = kFrames;
    config.tx_descriptors = kFrames;
    config.xdp.mode = port::XdpMode::native;
    config.xdp.stamp_function = function;
    const base::Status status = at.space.run([&]() -> base::Status {
      auto ports = port::open_ports("xdp", config);
      if (!ports) {
        return ports.error();
      }
      end.ports = std::move(ports).value();
      return {};
    });
    EXPECT_TRUE(status.ok()) << (status ? "" : status.error().message);
    return end;
  }

  std::unique_ptr<port::VethPair> pair_;
};

TEST_F(StampsOverVeth, EveryFrameSaysThatItHasNone) {
  const auto types = ebpf::KernelTypes::load();
  const auto function =
      types ? types.value().function("bpf_xdp_metadata_rx_timestamp") : std::nullopt;
  if (!function) {
    RINGBED_SKIP_OR_FAIL("the kernel has no bpf_xdp_metadata_rx_timestamp");
  }
  End sender = open(pair_->left(), 0);
  End receiver = open(pair_->right(), *function);
  ASSERT_FALSE(HasFailure());
  EXPECT_FALSE(sender.ports[0]->capabilities().rx_stamps);
  ASSERT_TRUE(receiver.ports[0]->capabilities().rx_stamps);

  std::vector<ring::Descriptor> frames;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::uint64_t address = std::uint64_t{kFrames + i} * kFrameBytes;
    std::fill_n(sender.area.data() + address, 60 + 10 * i, static_cast<std::uint8_t>(i));
    frames.push_back({address, 60 + 10 * i, 0});
  }
  ASSERT_EQ(sender.ports[0]->tx_burst(frames), frames.size());
  std::uint32_t seen = 0;
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (seen < frames.size() && std::chrono::steady_clock::now() < deadline) {
    std::array<ring::Descriptor, 8> burst;
    const std::size_t got = receiver.ports[0]->rx_burst(burst);
    for (const ring::Descriptor& frame : std::span(burst).first(got)) {
      const std::uint8_t* const at = receiver.area.data() + frame.address;
      EXPECT_EQ(frame.length, 60 + 10 * seen);
      EXPECT_TRUE(std::all_of(at, at + frame.length, [&](auto byte) { return byte == seen; }));
      EXPECT_TRUE(std::all_of(at - port::kStampBytes, at, [](auto byte) { return byte == 0; }));
      ++seen;
    }
    receiver.ports[0]->recycle(std::span(burst).first(got));
  }
  EXPECT_EQ(seen, frames.size());
}

TEST_F(StampsOverVeth, AnInterfaceWithoutAClockIsOfNoUse) {
  const auto types = ebpf::KernelTypes::load();
  port::VethPair::End& end = pair_->right();
  const HardwareStamps stamps = HardwareStamps::look_for(
      end.link, [&](const auto& work) { return end.space.run(work); }, types);
  EXPECT_EQ(stamps.clock(), nullptr);
  EXPECT_EQ(stamps.function(), 0U);
  EXPECT_NE(stamps.text().find("no clock that they could be read against"), std::string::npos)
      << stamps.text();
}

TEST(Arrivals, AreWhenTheNicStampedAndOnceOnly) {
  auto nic = port::HardwareClock::of(CLOCK_TAI);
  ASSERT_TRUE(nic.ok());
  std::array<std::uint8_t, 256> area{};
  LiveClock clock;
  clock.start_at(LiveClock::now_raw());
  Arrivals arrivals(area, clock);
  EXPECT_EQ(arrivals.of(64, 1'234), 1'234U) << "without a clock when it was found";
  EXPECT_EQ(arrivals.without(), 0U);

  arrivals.stamped_by(nic.value().get());
  timespec time{};
  clock_gettime(CLOCK_TAI, &time);
  const std::uint64_t really = clock.now();
  const std::uint64_t stamp = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
                              static_cast<std::uint64_t>(time.tv_nsec);
  std::memcpy(area.data() + 64 - port::kStampBytes, &stamp, sizeof stamp);
  std::this_thread::sleep_for(20ms);
  const std::uint64_t found = clock.now();
  const std::uint64_t arrived = arrivals.of(64, found);
  EXPECT_NEAR(static_cast<double>(arrived), static_cast<double>(really), 1e6);
  EXPECT_LT(arrived, found - 10'000'000);
  EXPECT_EQ(arrivals.of(64, found), found) << "the stamp was that of the frame before";
  EXPECT_EQ(arrivals.without(), 1U);

  const std::uint64_t later = stamp + 60'000'000'000;
  std::memcpy(area.data() + 64 - port::kStampBytes, &later, sizeof later);
  EXPECT_EQ(arrivals.of(64, found), found) << "nothing arrives after it was found";
}

}  // namespace
}  // namespace ringbed::engine
