#include "engine/clock_check.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <vector>

#include "engine/live_clock.hpp"
#include "port/registry.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::engine {

namespace {

constexpr int kReads = 4000;
constexpr int kTrips = 2000;
constexpr std::uint32_t kFrameBytes = 2048;
constexpr std::uint32_t kRxFrames = 8;
constexpr std::uint32_t kFrameLength = 60;

// The median of many: an interruption is no property of the clock.
std::uint64_t median(std::vector<std::uint64_t>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

// Two reads with nothing between them.
std::uint64_t time_of_two_reads() {
  std::vector<std::uint64_t> times(kReads);
  for (std::uint64_t& time : times) {
    const std::uint64_t before = LiveClock::now_raw();
    time = LiveClock::now_raw() - before;
  }
  return median(times);
}

// A frame that is sent and received in memory, timed as the generator times a response: what a
// measured latency contains beside the network and the device.
base::Result<std::uint64_t> time_of_empty_loop() {
  auto area = ring::MemoryArea::map(std::uint64_t{kRxFrames + 1} * kFrameBytes);
  if (!area) {
    return area.error();
  }
  port::PortConfig config;
  config.area = {area.value().data(), area.value().size()};
  config.frame_bytes = kFrameBytes;
  config.rx_frames = kRxFrames;
  config.tx_descriptors = 1;
  auto ports = port::open_ports("loopback", config);  // one queue is its own partner
  if (!ports) {
    return ports.error();
  }
  port::Port& port = *ports.value().front();
  const ring::Descriptor frame{std::uint64_t{kRxFrames} * kFrameBytes, kFrameLength, 0};
  std::array<ring::Descriptor, 1> arrived;
  std::array<std::uint64_t, 1> home;
  std::vector<std::uint64_t> times;
  for (int trip = 0; trip < kTrips; ++trip) {
    const std::uint64_t before = LiveClock::now_raw();
    const std::size_t sent = port.tx_burst({&frame, 1});
    const std::size_t got = port.rx_burst(arrived);
    const std::uint64_t time = LiveClock::now_raw() - before;
    port.recycle(std::span(arrived).first(got));
    if (sent == 1 && got == 1 && port.reclaim(home) == 1) {
      times.push_back(time);
    }
  }
  if (times.empty()) {
    return base::Error{base::ErrorCode::internal, "the loopback port carries nothing", ""};
  }
  return median(times);
}

}  // namespace

base::Result<ClockResult> check_clock() {
  ClockResult clock;
  clock.source = "CLOCK_MONOTONIC";
  timespec resolution{};
  clock_getres(CLOCK_MONOTONIC, &resolution);
  clock.resolution_ns = static_cast<std::uint64_t>(resolution.tv_sec) * 1'000'000'000U +
                        static_cast<std::uint64_t>(resolution.tv_nsec);
  clock.read_ns = time_of_two_reads();
  auto loop = time_of_empty_loop();
  if (!loop) {
    return loop.error();
  }
  clock.bias_ns = loop.value();
  return clock;
}

}  // namespace ringbed::engine
