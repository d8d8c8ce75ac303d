// bench: gen,port
// ringbed and its peers on the same veth pair, in turns, in one process: generation against DPDK's
// testpmd (txonly), forwarding against testpmd (io), round trips at 10,000 a second against
// sockperf over kernel UDP, and busy polling against plain need_wakeup at the highest rate. Two
// processors: 0 sends and asks, 1 forwards and answers. Medians of three rounds of a second; JSON
// on standard output: {name, value, peer, peerValue, ratio}, ratio above 1: ringbed is so many
// times better. A peer that is not installed is left out. Needs root; takes about a minute.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <thread>

#include "base/histogram.hpp"
#include "bench/bench.hpp"
#include "bench/child.hpp"
#include "bench/station.hpp"

namespace {

using namespace ringbed;
using Clock = std::chrono::steady_clock;
using namespace ringbed::bench;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::uint32_t kLength = 66;  // a market data message; testpmd's frames have 64 bytes
constexpr int kRounds = 3;
constexpr milliseconds kRound{1000};
constexpr milliseconds kStartUp{10'000};  // of a peer, at most
constexpr int kAsker = 0;
constexpr int kAnswerer = 1;
// What `auto` takes in the veth world at a high rate and at a low one.
const port::XdpOptions kLive{.live_frames = port::Choice::on};
const port::XdpOptions kGeneric{.mode = port::XdpMode::generic};
const port::XdpOptions kBusy{.busy_poll = port::Choice::on};

// Every measurement has a pair of its own: what a peer leaves behind (an XDP program, a stopped
// transmit queue) is nobody else's trouble.
port::VethPair fresh_pair() {
  return need(port::VethPair::create("lb", {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 1, 1500));
}

std::uint64_t arrived(const port::VethPair::End& end) {
  return need(port::link_in(end.space, end.link.name)).rx_packets;
}

// Frames a second that arrive at `end` while `work` runs, or for a round.
double rate_at(const port::VethPair::End& end, const std::function<void()>& work) {
  const std::uint64_t before = arrived(end);
  const auto start = Clock::now();
  work();
  const std::chrono::duration<double> spent = Clock::now() - start;
  return static_cast<double>(arrived(end) - before) / spent.count();
}

// --- one round of each ---------------------------------------------------------------------------

double generate(std::string_view engine) {
  port::VethPair pair = fresh_pair();
  const port::FileDescriptor dropping = drop_all(pair.right());
  gen::Generator source = generator();
  port::KernelOptions kernel;
  kernel.longest_frame = source.max_frame_bytes();
  kernel.hold = kTxFrames;
  const auto image = source.image(0).value_or(gen::FrameImage{});
  kernel.recipes.push_back({image.bytes, image.varies});
  Station sender(pair.left(), engine, {}, kernel);
  return rate_at(pair.right(), [&] {
    const auto end = Clock::now() + kRound;
    while (Clock::now() < end) {
      sender.send(kBurst, [&](std::uint8_t* to, ring::Descriptor& frame) {
        gen::FrameMeta meta;
        source.next({to, source.max_frame_bytes()}, meta);
        frame.length = meta.length;
        frame.options = engine == "kernel" ? 1 : 0;
      });
    }
    sender.port().flush();
  });
}

// `worker`: the processor that forwards.
std::vector<std::string> testpmd(const port::VethPair::End& end, const char* mode, int worker) {
  return {"dpdk-testpmd",
          "--no-huge",
          "-m",
          "256",
          "--no-pci",
          "--no-telemetry",
          "--no-shconf",
          "--log-level=3",
          "-l",
          "0,1",
          "--main-lcore=" + std::to_string(1 - worker),
          "--vdev=net_af_xdp0,iface=" + end.link.name,
          "--",
          "--forward-mode=" + std::string(mode),
          "--port-topology=loop",
          "--total-num-mbufs=16384",
          "--no-flush-rx"};
}

// Waits until frames arrive at `end`, then a little; false when none do.
bool wait_for_frames(const port::VethPair::End& end) {
  const auto limit = Clock::now() + kStartUp;
  const std::uint64_t before = arrived(end);
  while (arrived(end) < before + 1000) {
    if (Clock::now() > limit) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  std::this_thread::sleep_for(milliseconds(200));
  return true;
}

std::optional<double> generate_testpmd() {
  port::VethPair pair = fresh_pair();
  const port::FileDescriptor dropping = drop_all(pair.right());
  Child child(pair.left().space, -1, testpmd(pair.left(), "txonly", kAsker));
  if (!wait_for_frames(pair.right())) {
    std::fprintf(stderr, "testpmd: %s\n", child.finish(SIGTERM).c_str());
    return std::nullopt;
  }
  return rate_at(pair.right(), [] { std::this_thread::sleep_for(kRound); });
}

// Floods the right end while it lives, and drops what comes back.
class Flood {
 public:
  static constexpr nanoseconds kGap{kBurst * 700};  // 1.4 million a second, more than anyone takes

  explicit Flood(port::VethPair& pair) : station_(make(pair)) {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      pin(kAsker);
      gen::Generator source = generator();
      auto due = Clock::now();
      while (!stop.stop_requested()) {
        if (Clock::now() < due) {
          station_.receive([](auto) {});
          continue;
        }
        due = std::max(due + kGap, Clock::now() - milliseconds(1));
        station_.send(kBurst, [&](std::uint8_t* to, ring::Descriptor& frame) {
          gen::FrameMeta meta;
          source.next({to, source.max_frame_bytes()}, meta);
          frame.length = meta.length;
        });
      }
    });
  }

 private:
  static Station make(port::VethPair& pair) {
    port::KernelOptions kernel;
    kernel.hold = 256;
    kernel.longest_frame = kLength;
    return {pair.left(), "kernel", {}, kernel};
  }
  Station station_;
  std::jthread thread_;
};

double forward(const port::XdpOptions& options) {
  port::VethPair pair = fresh_pair();
  Station device(pair.right(), "xdp", options);
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    pin(kAnswerer);
    while (!stop.load(std::memory_order_relaxed)) {
      device.forward();
    }
  });
  const Flood flood(pair);
  std::this_thread::sleep_for(milliseconds(200));
  const double rate = rate_at(pair.left(), [] { std::this_thread::sleep_for(kRound); });
  stop = true;
  worker.join();
  return rate;
}

std::optional<double> forward_testpmd() {
  port::VethPair pair = fresh_pair();
  Child child(pair.right().space, -1, testpmd(pair.right(), "io", kAnswerer));
  const Flood flood(pair);
  if (!wait_for_frames(pair.left())) {
    std::fprintf(stderr, "testpmd: %s\n", child.finish(SIGTERM).c_str());
    return std::nullopt;
  }
  return rate_at(pair.left(), [] { std::this_thread::sleep_for(kRound); });
}

struct RoundTrip {
  double p50 = 0;
  double p99 = 0;
  double late99 = 0;  // p99 of an open loop: from when the question was due
};

// A round trip counts from the moment before the question is handed over, as sockperf's does: where
// somebody else takes the processor in between, one trip is long, not all those that were due.
RoundTrip round_trip(const port::XdpOptions& options) {
  port::VethPair pair = fresh_pair();
  Station near(pair.left(), "xdp", options);
  Station far(pair.right(), "xdp", options);
  std::atomic<bool> stop{false};
  std::thread echo([&] {
    pin(kAnswerer);
    while (!stop.load(std::memory_order_relaxed)) {
      far.forward();
    }
  });
  base::Histogram times;
  base::Histogram late;
  std::thread asker([&] {
    pin(kAsker);
    gen::Generator source = generator();
    auto due = Clock::now() + milliseconds(10);
    const auto end = due + kRound;
    for (; due < end; due += nanoseconds(100'000)) {
      auto sent = Clock::now();
      while (sent < due) {
        sent = Clock::now();
      }
      near.send(1, [&](std::uint8_t* to, ring::Descriptor& frame) {
        gen::FrameMeta meta;
        source.next({to, source.max_frame_bytes()}, meta);
        frame.length = meta.length;
      });
      const auto limit = sent + milliseconds(50);
      std::size_t answered = 0;
      while (answered == 0 && Clock::now() < limit) {
        answered = near.receive([](auto) {});
      }
      const auto back = Clock::now();
      times.record(static_cast<std::uint64_t>((back - sent).count()));
      late.record(static_cast<std::uint64_t>((back - due).count()));
      near.reclaim();
    }
  });
  asker.join();
  stop = true;
  echo.join();
  const auto at = [](const base::Histogram& of, double percent) {
    return static_cast<double>(of.percentile(percent));
  };
  return {at(times, 50), at(times, 99), at(late, 99)};
}

// The figure behind "percentile 99.000 =" in microseconds, as nanoseconds.
double percentile_of(const std::string& text, const char* which) {
  const std::size_t at = text.find("percentile " + std::string(which));
  const std::size_t equals = at == std::string::npos ? at : text.find('=', at);
  return equals == std::string::npos ? 0 : std::atof(text.c_str() + equals + 1) * 1000;
}

void give_address(const port::VethPair::End& end, std::uint8_t last) {
  need(end.space.run([&]() -> base::Status {
    auto netlink = port::Netlink::open();
    if (!netlink) {
      return netlink.error();
    }
    const std::array<std::uint8_t, 4> address{10, 9, 0, last};
    return netlink.value().add_address(end.link.index, address, 24);
  }));
}

std::optional<RoundTrip> round_trip_sockperf() {
  port::VethPair pair = fresh_pair();
  give_address(pair.left(), 1);
  give_address(pair.right(), 2);
  const std::vector<std::string> where{"-i", "10.9.0.2", "-p", "11111"};
  std::vector<std::string> server{"sockperf", "server"};
  std::vector<std::string> client{"sockperf", "ping-pong",  "--mps=10000", "-t",
                                  "1",        "--full-rtt", "-m",          "24"};
  server.insert(server.end(), where.begin(), where.end());
  client.insert(client.end(), where.begin(), where.end());
  Child answering(pair.right().space, kAnswerer, server);
  std::this_thread::sleep_for(milliseconds(500));
  Child asking(pair.left().space, kAsker, client);
  const std::string text = asking.finish();
  const RoundTrip result{percentile_of(text, "50.000"), percentile_of(text, "99.000"), 0};
  if (result.p50 == 0) {
    std::fprintf(stderr, "sockperf: %s\n", text.c_str());
    return std::nullopt;
  }
  return result;
}

// --- the report ----------------------------------------------------------------------------------

struct Series {
  std::vector<double> ours;
  std::vector<double> peers;
};

void print_row(const char* name, const Series& series, const char* peer, bool more_is_better) {
  static const char* separator = "";
  const double ours = bench::median(series.ours);
  std::printf("%s\n{\"name\":\"%s\",\"value\":%.0f", separator, name, ours);
  separator = ",";
  if (!series.peers.empty()) {
    const double peers = bench::median(series.peers);
    std::printf(",\"peer\":\"%s\",\"peerValue\":%.0f,\"ratio\":%.2f", peer, peers,
                more_is_better ? ours / peers : peers / ours);
  }
  std::printf("}");
  std::fflush(stdout);
}

void add(std::vector<double>& to, const std::optional<double>& value) {
  if (value) {
    to.push_back(*value);
  }
}

void bench_generation(bool dpdk) {
  Series kernel;
  Series xdp;
  for (int round = 0; round < kRounds; ++round) {
    kernel.ours.push_back(generate("kernel"));
    xdp.ours.push_back(generate("xdp"));
    add(kernel.peers, dpdk ? generate_testpmd() : std::nullopt);
  }
  xdp.peers = kernel.peers;
  print_row("generate, engine kernel, frames/s", kernel, "testpmd txonly", true);
  print_row("generate, engine xdp, frames/s", xdp, "testpmd txonly", true);
}

void bench_forwarding(bool dpdk) {
  Series live;
  Series sockets;
  Series busy;
  for (int round = 0; round < kRounds; ++round) {
    live.ours.push_back(forward(kLive));
    sockets.ours.push_back(forward({}));
    add(live.peers, dpdk ? forward_testpmd() : std::nullopt);
    busy.ours.push_back(forward(kBusy));
  }
  sockets.peers = live.peers;
  busy.peers = sockets.ours;
  print_row("forward, bursts as live frames, frames/s", live, "testpmd io", true);
  print_row("forward, through the socket, frames/s", sockets, "testpmd io", true);
  print_row("forward, busy polling, frames/s", busy, "need_wakeup", true);
}

void bench_round_trips(bool sockperf) {
  Series p50;
  Series p99;
  Series late;
  Series busy50;
  for (int round = 0; round < kRounds; ++round) {
    const RoundTrip ours = round_trip(kGeneric);
    p50.ours.push_back(ours.p50);
    p99.ours.push_back(ours.p99);
    late.ours.push_back(ours.late99);
    busy50.ours.push_back(round_trip(kBusy).p50);
    if (const auto peer = sockperf ? round_trip_sockperf() : std::nullopt) {
      p50.peers.push_back(peer->p50);
      p99.peers.push_back(peer->p99);
    }
  }
  busy50.peers = p50.ours;
  print_row("round trip at 10,000/s, p50 ns", p50, "sockperf UDP", false);
  print_row("round trip at 10,000/s, p99 ns", p99, "sockperf UDP", false);
  print_row("round trip from when it was due, p99 ns", late, "", false);
  print_row("round trip, native, busy polling, p50 ns", busy50, "generic", false);
}

}  // namespace

// Without arguments everything; else what they name.
int main(int count, char** arguments) {
  const std::span<char*> names(arguments + 1, static_cast<std::size_t>(count) - 1);
  const auto wanted = [&](std::string_view name) {
    return names.empty() || std::ranges::find(names, name) != names.end();
  };
  pin(kAsker);
  std::printf("{\"bench\":\"live\",\"rows\":[");
  if (wanted("generate")) {
    bench_generation(bench::installed("dpdk-testpmd"));
  }
  if (wanted("forward")) {
    bench_forwarding(bench::installed("dpdk-testpmd"));
  }
  if (wanted("trips")) {
    bench_round_trips(bench::installed("sockperf"));
  }
  std::printf("\n]}\n");
  return 0;
}
