// bench: port
// Frames a second and round trip of each port backend, one process, two pinned threads, on a veth
// pair of its own . `forward`: one thread sends 60-byte frames as fast as the
// port takes them, the other receives, recycles and counts. `roundTrip`: an echo at 10,000 frames a
// second, from before tx_burst() to after rx_burst(). About two seconds a backend; JSON on standard
// output. Needs root.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/histogram.hpp"
#include "port/registry.hpp"
#include "port/veth.hpp"
#include "ring/memory_area.hpp"

namespace {

using namespace ringbed;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kFrameBytes = 2048;
constexpr std::uint32_t kRxFrames = 2048;
constexpr std::uint32_t kTxFrames = 1024;
constexpr std::uint32_t kLength = 60;
constexpr std::size_t kBurst = 32;

struct End {
  ring::MemoryArea area;
  port::Ports ports;
  port::Port* port = nullptr;
  std::vector<std::uint64_t> free;

  std::uint64_t reclaim() {
    std::array<std::uint64_t, 2 * kBurst> addresses;
    const std::size_t count = port->reclaim(addresses);
    free.insert(free.end(), addresses.begin(), addresses.begin() + static_cast<long>(count));
    return count;
  }
  std::size_t send(std::size_t wanted) {
    std::array<ring::Descriptor, kBurst> frames;
    std::size_t count = 0;
    while (count < wanted && !free.empty()) {
      frames[count++] = {free.back(), kLength, 0};
      free.pop_back();
    }
    const std::size_t sent = port->tx_burst(std::span(frames).first(count));
    for (std::size_t i = sent; i < count; ++i) {
      free.push_back(frames[i].address);
    }
    return sent;
  }
  std::size_t receive() {
    std::array<ring::Descriptor, kBurst> frames;
    const std::size_t count = port->rx_burst(frames);
    port->recycle(std::span(frames).first(count));
    return count;
  }
};

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// A broadcast frame of an experimental type in every transmit frame.
void prepare(End& end, std::uint32_t first_tx) {
  for (std::uint32_t i = 0; i < kTxFrames; ++i) {
    const std::uint64_t address = std::uint64_t{first_tx + i} * kFrameBytes;
    std::uint8_t* const frame = end.area.data() + address;
    std::memset(frame, 0xff, 6);
    std::memcpy(frame + 6, "\x02\x00\x00\x00\x00\x01\x88\xb5", 8);
    end.free.push_back(address);
  }
}

double forward(End& from, End& to) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> received{0};
  std::thread receiver([&] {
    pin(1);
    std::uint64_t count = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      count += to.receive();
    }
    received = count;
  });
  pin(0);
  const auto start = Clock::now();
  while (Clock::now() - start < std::chrono::milliseconds(800)) {
    from.send(kBurst);
    from.reclaim();
  }
  stop = true;
  receiver.join();
  const std::chrono::duration<double> spent = Clock::now() - start;
  return static_cast<double>(received) / spent.count();
}

base::Histogram round_trip(End& near, End& far) {
  std::atomic<bool> stop{false};
  std::thread echo([&] {
    pin(1);
    while (!stop.load(std::memory_order_relaxed)) {
      if (const std::size_t count = far.receive()) {
        far.send(count);
      }
      far.reclaim();
    }
  });
  pin(0);
  while (near.receive() != 0) {  // left over from before
  }
  base::Histogram times;
  auto due = Clock::now();
  const auto end = due + std::chrono::milliseconds(800);
  while (Clock::now() < end) {
    due = std::max(due + std::chrono::microseconds(100), Clock::now());
    while (Clock::now() < due) {
    }
    const auto sent = Clock::now();
    near.send(1);
    bool answered = false;
    while (!answered && Clock::now() - sent < std::chrono::milliseconds(100)) {
      answered = near.receive() != 0;
    }
    if (answered) {
      times.record(static_cast<std::uint64_t>((Clock::now() - sent).count()));
    }
    near.reclaim();
  }
  stop = true;
  echo.join();
  return times;
}

base::Status open(const std::string& backend, End& left, End& right, port::VethPair& pair) {
  const auto one = [&](End& end, const port::VethPair::End& side) -> base::Status {
    port::PortConfig config;
    end.area = ring::MemoryArea::map((kRxFrames + kTxFrames) * kFrameBytes).value();
    config.where = side.link.name;
    config.area = {end.area.data(), end.area.size()};
    config.rx_frames = kRxFrames;
    config.tx_descriptors = kTxFrames;
    return side.space.run([&]() -> base::Status {
      auto ports = port::open_ports(backend, config);
      if (!ports) {
        return ports.error();
      }
      end.ports = std::move(ports).value();
      end.port = end.ports.front().get();
      prepare(end, kRxFrames);
      return {};
    });
  };
  base::Status status = one(left, pair.left());
  return status ? one(right, pair.right()) : status;
}

}  // namespace

int main() {
  std::printf("{\"bench\": \"port\", \"frameBytes\": %u, \"rows\": [", kLength);
  const char* separator = "";
  for (const port::Backend& row : port::backends()) {
    if (!row.on_interface || !row.available().available) {
      continue;
    }
    auto pair = port::VethPair::create("pb", {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 1, 1500);
    if (!pair) {
      std::fprintf(stderr, "%s: %s\n", pair.error().message.c_str(), pair.error().hint.c_str());
      return 1;
    }
    End left;
    End right;
    if (auto status = open(std::string(row.name), left, right, pair.value()); !status) {
      std::fprintf(stderr, "%s\n", status.error().message.c_str());
      return 1;
    }
    const double rate = forward(left, right);
    while (right.receive() != 0) {  // what was on its way when the time was up
    }
    const base::Histogram times = round_trip(left, right);
    std::printf(
        "%s\n {\"port\": \"%s\", \"mode\": \"%s\", \"forwardPps\": %.0f, "
        "\"roundTripNs\": {\"p50\": %llu, \"p99\": %llu, \"p999\": %llu}}",
        separator, std::string(row.name).c_str(), left.port->capabilities().mode.c_str(), rate,
        static_cast<unsigned long long>(times.percentile(50)),
        static_cast<unsigned long long>(times.percentile(99)),
        static_cast<unsigned long long>(times.percentile(99.9)));
    separator = ",";
  }
  std::printf("\n]}\n");
  return 0;
}
