// bench: device
// The nanonet device alone: real market data frames of 10,000 flows in, response frames out, all
// checksums verified, every buffer completed. Two figures: the mean over bursts (wall clock), and
// the distribution of single packets by the time-stamp counter. The counter's own cost (read twice
// around nothing) is reported as timerNs, not subtracted. `idleP999` and `idleP9999` are those of
// as long a wait for nothing after each packet: what the machine itself (interrupts, a hypervisor)
// puts on top of any 60 ns.
#include "base/histogram.hpp"
#include "base/random.hpp"
#include "bench/bench.hpp"
#include "device/devices.hpp"
#include "device/pools.hpp"
#include "support/nanonet_request.hpp"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

using namespace ringbed;
using device::Outcome;
using device::Verdict;
using device::testing::Request;

constexpr std::size_t kFlows = 10'000;
constexpr std::size_t kBurst = 32;
constexpr std::size_t kFrameSlot = 128;
constexpr std::size_t kWarmUp = 100'000;  // packets

std::uint64_t ticks() {
#if defined(__x86_64__)
  unsigned aux = 0;
  const std::uint64_t now = __rdtscp(&aux);
  _mm_lfence();
  return now;
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

double ns_per_tick() {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t first = ticks();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
  }
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  return spent.count() / static_cast<double>(ticks() - first);
}

struct World {
  World(bool tcp, const char* pool_kind, const char* table_kind) {
    device::PoolConfig pool_config;
    pool_config.kind = pool_kind;
    pool = std::move(device::create_pool(pool_config)).value();
    device::DeviceConfig config =
        tcp ? device::testing::tcp_config() : device::testing::unicast_config();
    config.connections.kind = table_kind;
    config.connections.capacity = 2 * kFlows;
    config.connections.buckets = 16384;
    nanonet = std::move(device::create_device(config, *pool, 0)).value();

    base::Random random(1, "bench.device");
    frames.resize(kFlows * kFrameSlot);
    std::vector<std::size_t> order(kFlows);
    for (std::size_t i = 0; i < kFlows; ++i) {
      order[i] = i;
      std::swap(order[i], order[random.below(i + 1)]);
    }
    for (const std::size_t flow : order) {
      Request request;
      request.source.bytes[2] = static_cast<std::uint8_t>(flow >> 8);
      request.source.bytes[3] = static_cast<std::uint8_t>(flow);
      request.source_port = static_cast<std::uint16_t>(1024 + flow);
      request.payload = Request::quote(static_cast<std::uint32_t>(9000 + random.below(999)));
      if (tcp) {
        request.protocol = 6;
        const auto payload = std::exchange(request.payload, {});
        request.tcp_flags = wire::tcp_flag::kSyn;
        static_cast<void>(nanonet->process(request.frame(), 0));
        request.tcp_flags = wire::tcp_flag::kPsh | wire::tcp_flag::kAck;
        request.payload = payload;
      }
      const auto bytes = request.frame();
      std::uint8_t* const slot = frames.data() + views.size() * kFrameSlot;
      std::copy(bytes.begin(), bytes.end(), slot);
      views.emplace_back(slot, bytes.size());
    }
  }

  // Whether every frame was answered; otherwise the figures mean nothing.
  bool all_respond() {
    bool all = true;
    for (const base::ByteView frame : views) {
      const Verdict verdict = nanonet->process(frame, 1);
      all = all && verdict.outcome == Outcome::responded;
      nanonet->complete(verdict.response);
    }
    return all;
  }

  void bursts(std::uint64_t calls) {
    std::array<Verdict, kBurst> verdicts;
    for (std::uint64_t i = 0; i < calls; ++i) {
      at = at + kBurst > views.size() ? 0 : at;
      nanonet->process_burst(std::span(views).subspan(at, kBurst), 1, verdicts);
      bench::keep(verdicts);
      for (const Verdict& verdict : verdicts) {
        nanonet->complete(verdict.response);
      }
      at += kBurst;
    }
  }

  void singles(std::uint64_t calls) {
    for (std::uint64_t i = 0; i < calls; ++i) {
      at = at + 1 > views.size() ? 0 : at;
      const Verdict verdict = nanonet->process(views[at], 1);
      bench::keep(verdict);
      nanonet->complete(verdict.response);
      ++at;
    }
  }

  std::unique_ptr<device::ResponsePool> pool;
  std::unique_ptr<device::Device> nanonet;
  std::vector<std::uint8_t> frames;
  std::vector<base::ByteView> views;
  std::size_t at = 0;
};

void print_distribution(const char* name, World& world, double tick_ns) {
  base::Histogram histogram;
  base::Histogram timer;
  base::Histogram idle;
  std::uint64_t wait = 0;  // in ticks, what a packet took on average while warming up
  const auto to_ns = [tick_ns](std::uint64_t n) {
    return static_cast<std::uint64_t>(static_cast<double>(n) * tick_ns + 0.5);
  };
  for (std::size_t i = 0; i < kWarmUp + 500'000; ++i) {
    const base::ByteView frame = world.views[i % world.views.size()];
    const std::uint64_t start = ticks();
    const Verdict verdict = world.nanonet->process(frame, 1);
    bench::keep(verdict);
    world.nanonet->complete(verdict.response);
    const std::uint64_t end = ticks();
    const std::uint64_t nothing = ticks();
    if (i < kWarmUp) {
      wait += end - start;
      continue;
    }
    std::uint64_t now = nothing;
    while (now - nothing < wait / kWarmUp) now = ticks();
    histogram.record(to_ns(end - start));
    timer.record(to_ns(nothing - end));
    idle.record(to_ns(now - nothing));
  }
  const auto of = [](const base::Histogram& times, double percent) {
    return static_cast<unsigned long long>(times.percentile(percent));
  };
  const auto p = [&](double percent) { return of(histogram, percent); };
  std::printf(
      ",\n{\"name\":\"%s\",\"timerNs\":%.1f,\"mean\":%.1f,\"p50\":%llu,\"p99\":%llu,\"p999\":%llu,"
      "\"p9999\":%llu,\"max\":%llu,\"idleP999\":%llu,\"idleP9999\":%llu}",
      name, timer.mean(), histogram.mean(), p(50), p(99), p(99.9), p(99.99), p(100), of(idle, 99.9),
      of(idle, 99.99));
}

}  // namespace

int main() {
  World udp(false, "percore", "f14");
  World published(false, "fifo", "chained");
  World tcp(true, "percore", "f14");
  World tcp_published(true, "fifo", "chained");
  for (World* world : {&udp, &published, &tcp, &tcp_published}) {
    if (!world->all_respond()) {
      std::fprintf(stderr, "not every frame was answered\n");
      return 1;
    }
  }
  const auto bursts = [](World& world) {
    return [&world](std::uint64_t calls) { world.bursts(calls); };
  };
  bench::run("device",
             {{"udp burst of 32, percore pool", 1'000, kBurst, bursts(udp), "", {}, false},
              {"udp one by one, percore pool",
               20'000,
               1,
               [&](std::uint64_t calls) { udp.singles(calls); },
               "",
               {}},
              {"udp burst of 32, fifo pool", 1'000, kBurst, bursts(published), "", {}, false},
              {"tcp burst of 32, percore pool, f14", 1'000, kBurst, bursts(tcp), "", {}, false},
              {"tcp burst of 32, fifo pool, chained",
               1'000,
               kBurst,
               bursts(tcp_published),
               "",
               {},
               false}},
             31, [&] {
               const double tick_ns = ns_per_tick();
               print_distribution("udp single packets", udp, tick_ns);
               print_distribution("tcp single packets", tcp, tick_ns);
             });
}
