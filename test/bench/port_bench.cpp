// bench: port
// Frames a second and round trip of each port backend, and of AF_XDP with and without preferred
// busy polling, one process, two pinned threads, on a veth pair of its own. `forward`: one thread
// sends 60-byte frames as fast as the port takes them, the other receives, recycles and counts.
// `answer`: the other sends one for each that it received (what testpmd does in --forward-mode=io),
// counted where they arrive, both directions added. `roundTrip`: an echo at 10,000 frames a second,
// from before tx_burst() to after rx_burst(). About four seconds a row; JSON on standard output.
// Needs root.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/histogram.hpp"
#include "port/datagram.hpp"
#include "port/host_stack.hpp"
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

constexpr std::array<std::uint8_t, 4> kLeftAddress{10, 0, 0, 1};
const port::NetAddress kLeft = port::NetAddress::from(kLeftAddress);
const port::NetAddress kRight = kLeft.after(1);
constexpr std::uint16_t kPort = 8080;
constexpr std::array<std::uint8_t, 6> kLeftMac{2, 0, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 6> kRightMac{2, 0, 0, 0, 0, 2};

// A datagram to the other end in every transmit frame.
void prepare(End& end, std::uint32_t first_tx, bool left) {
  port::Datagram datagram{left ? kLeft : kRight,
                          left ? kRight : kLeft,
                          kPort,
                          kPort,
                          64,
                          0,
                          port::datagram_header_bytes(false),
                          kLength - port::datagram_header_bytes(false)};
  for (std::uint32_t i = 0; i < kTxFrames; ++i) {
    const std::uint64_t address = std::uint64_t{first_tx + i} * kFrameBytes;
    port::write_headers(end.area.data() + address, datagram, left ? kRightMac : kLeftMac,
                        left ? kLeftMac : kRightMac);
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

// Sends back one for each.
void answer_until(const std::atomic<bool>& stop, End& end, std::uint64_t& received) {
  pin(1);
  std::size_t owed = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    const std::size_t got = end.receive();
    received += got;
    owed += got;
    if (owed != 0) {
      owed -= end.send(std::min(owed, kBurst));
    }
    end.reclaim();
  }
}

double answer(End& near, End& far) {
  std::atomic<bool> stop{false};
  std::uint64_t there = 0;
  std::uint64_t back = 0;
  std::thread echo([&] { answer_until(stop, far, there); });
  pin(0);
  const auto start = Clock::now();
  while (Clock::now() - start < std::chrono::milliseconds(800)) {
    near.send(kBurst);
    back += near.receive();
    near.reclaim();
  }
  stop = true;
  echo.join();
  const std::chrono::duration<double> spent = Clock::now() - start;
  return static_cast<double>(there + back) / spent.count();
}

base::Histogram round_trip(End& near, End& far) {
  std::atomic<bool> stop{false};
  std::uint64_t received = 0;
  std::thread echo([&] { answer_until(stop, far, received); });
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

// What is measured: a backend; AF_XDP in native and generic mode, and with busy polling.
struct Row {
  const port::Backend* backend;
  port::Choice busy_poll = port::Choice::off;
  port::XdpMode mode = port::XdpMode::best;
};

base::Status open(const Row& row, End& left, End& right, port::VethPair& pair) {
  const auto one = [&](End& end, const port::VethPair::End& side, bool is_left) -> base::Status {
    port::PortConfig config;
    end.area = ring::MemoryArea::map((kRxFrames + kTxFrames) * kFrameBytes).value();
    config.where = side.link.name;
    config.area = {end.area.data(), end.area.size()};
    config.rx_frames = kRxFrames;
    config.tx_descriptors = kTxFrames;
    config.xdp.busy_poll = row.busy_poll;
    config.xdp.mode = row.mode;
    config.socket = {{{is_left ? kLeft : kRight, kPort}},
                     {},
                     is_left ? kLeftMac : kRightMac,
                     is_left ? kRightMac : kLeftMac};
    return side.space.run([&]() -> base::Status {
      if (row.backend->datagrams_only) {
        base::Status status = port::prepare_stack(
            side.link, {{is_left ? kLeft : kRight},
                        {{is_left ? kRight : kLeft, is_left ? kRightMac : kLeftMac}}});
        if (!status) {
          return status;
        }
      }
      auto ports = port::open_ports(row.backend->name, config);
      if (!ports) {
        return ports.error();
      }
      end.ports = std::move(ports).value();
      end.port = end.ports.front().get();
      prepare(end, kRxFrames, is_left);
      return {};
    });
  };
  base::Status status = one(left, pair.left(), true);
  return status ? one(right, pair.right(), false) : status;
}

// Until nothing is on its way.
void drain(End& left, End& right) {
  const auto end = Clock::now() + std::chrono::milliseconds(50);
  while (Clock::now() < end) {
    left.receive();
    right.receive();
    left.reclaim();
    right.reclaim();
  }
}

}  // namespace

int main() {
  std::vector<Row> rows;
  for (const port::Backend& row : port::backends()) {
    if (!row.on_interface || !row.available().available) {
      continue;
    }
    if (row.name == "xdp") {
      rows.push_back({&row, port::Choice::off, port::XdpMode::native});
      rows.push_back({&row, port::Choice::off, port::XdpMode::generic});
      rows.push_back({&row, port::Choice::on, port::XdpMode::native});
    } else {
      rows.push_back({&row});
    }
  }
  std::printf("{\"bench\": \"port\", \"frameBytes\": %u, \"rows\": [", kLength);
  const char* separator = "";
  for (const Row& row : rows) {
    auto pair = port::VethPair::create("pb", kLeftMac, kRightMac, 1, 1500);
    if (!pair) {
      std::fprintf(stderr, "%s: %s\n", pair.error().message.c_str(), pair.error().hint.c_str());
      return 1;
    }
    End left;
    End right;
    if (auto status = open(row, left, right, pair.value()); !status) {
      std::fprintf(stderr, "%s\n", status.error().message.c_str());
      return 1;
    }
    const double rate = forward(left, right);
    drain(left, right);
    const double answered = answer(left, right);
    drain(left, right);
    const base::Histogram times = round_trip(left, right);
    std::printf(
        "%s\n {\"port\": \"%s\", \"mode\": \"%s\", \"forwardPps\": %.0f, \"answerPps\": %.0f, "
        "\"roundTripNs\": {\"p50\": %llu, \"p99\": %llu, \"p999\": %llu}}",
        separator, std::string(row.backend->name).c_str(), left.port->capabilities().mode.c_str(),
        rate, answered, static_cast<unsigned long long>(times.percentile(50)),
        static_cast<unsigned long long>(times.percentile(99)),
        static_cast<unsigned long long>(times.percentile(99.9)));
    separator = ",";
  }
  std::printf("\n]}\n");
  return 0;
}
