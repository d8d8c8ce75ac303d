// What the live benchmark is made of: a port with its frames, the stream that it sends, and a peer
// that drops everything.
#pragma once

#include <linux/if_link.h>
#include <pthread.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "gen/generator.hpp"
#include "port/bpf.hpp"
#include "port/registry.hpp"
#include "port/veth.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::bench {

inline constexpr std::uint32_t kFrameBytes = 2048;
inline constexpr std::uint32_t kRxFrames = 2048;
inline constexpr std::uint32_t kTxFrames = 4096;
inline constexpr std::size_t kBurst = 32;

[[noreturn]] inline void die(const base::Error& error) {
  std::fprintf(stderr, "live_bench: %s; %s\n", error.message.c_str(), error.hint.c_str());
  std::exit(1);
}

template <typename T>
T need(base::Result<T> result) {
  if (!result) {
    die(result.error());
  }
  return std::move(result).value();
}

inline void need(const base::Status& status) {
  if (!status) {
    die(status.error());
  }
}

inline void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// A port with its frames, as the generator and the device have one.
class Station {
 public:
  Station(const port::VethPair::End& end, std::string_view backend, port::XdpOptions xdp = {},
          port::KernelOptions kernel = {})
      : area_(need(ring::MemoryArea::map((kRxFrames + kTxFrames) * kFrameBytes))) {
    port::PortConfig config;
    config.where = end.link.name;
    config.area = {area_.data(), area_.size()};
    config.rx_frames = kRxFrames;
    config.tx_descriptors = kTxFrames;
    config.xdp = xdp;
    config.xdp.copy = port::XdpCopy::copy;
    config.kernel = std::move(kernel);
    need(end.space.run([&]() -> base::Status {
      auto ports = port::open_ports(backend, config);
      if (!ports) {
        return ports.error();
      }
      ports_ = std::move(ports).value();
      return {};
    }));
    for (std::uint32_t i = 0; i < kTxFrames; ++i) {
      free_.push_back(std::uint64_t{kRxFrames + i} * kFrameBytes);
    }
  }

  port::Port& port() { return *ports_.front(); }

  // Sends up to `wanted` frames that `fill` writes; it gives the descriptor's length and options.
  template <typename Fill>
  void send(std::size_t wanted, Fill fill) {
    std::array<ring::Descriptor, kBurst> frames;
    std::size_t count = 0;
    for (; count < std::min(wanted, kBurst) && !free_.empty(); ++count) {
      frames[count].address = free_.back();
      free_.pop_back();
      fill(area_.data() + frames[count].address, frames[count]);
    }
    const std::size_t sent = port().tx_burst(std::span(frames).first(count));
    for (std::size_t i = sent; i < count; ++i) {
      free_.push_back(frames[i].address);
    }
    reclaim();
  }
  void reclaim() {
    std::array<std::uint64_t, 2 * kBurst> addresses;
    const std::size_t count = port().reclaim(addresses);
    free_.insert(free_.end(), addresses.begin(), addresses.begin() + static_cast<long>(count));
  }
  // Whatever has arrived goes to `each` and back.
  template <typename Each>
  std::size_t receive(Each each) {
    std::array<ring::Descriptor, kBurst> frames;
    const std::size_t count = port().rx_burst(frames);
    if (count != 0) {
      each(std::span<const ring::Descriptor>(frames).first(count));
      port().recycle(std::span(frames).first(count));
    }
    return count;
  }
  // Sends every frame that arrives back as it is: testpmd's io mode.
  void forward() {
    receive([&](std::span<const ring::Descriptor> frames) {
      std::size_t next = 0;
      send(frames.size(), [&](std::uint8_t* to, ring::Descriptor& frame) {
        const ring::Descriptor& from = frames[next++];
        std::memcpy(to, area_.data() + from.address, from.length);
        frame.length = from.length;
      });
    });
    reclaim();
  }

 private:
  ring::MemoryArea area_;
  port::Ports ports_;
  std::vector<std::uint64_t> free_;
};

// The frames of the benchmark: five fields vary in each, beside checksums and the time.
inline gen::StreamSpec stream() {
  using Kind = gen::FieldProgramSpec::Kind;
  gen::StreamSpec spec;
  spec.name = "feed";
  spec.from.mac = {{2, 0, 0, 0, 0, 1}};
  spec.to.mac = {{2, 0, 0, 0, 0, 2}};
  spec.from.ip = {10, 9, 0, 1};
  spec.to.ip = {10, 9, 0, 2};
  spec.from.port = 40000;
  spec.to.port = 8080;
  spec.rate.rate = 1e9;
  spec.payload.kind = "nanonet.market_data";
  const auto program = [](const char* field, Kind kind, std::uint64_t min, std::uint64_t max) {
    gen::FieldProgramSpec made;
    made.field = field;
    made.kind = kind;
    made.min = made.start = min;
    made.max = max;
    made.sigma = 5;
    return made;
  };
  spec.fields = {program("udp.srcPort", Kind::increment, 1024, 65535),
                 program("ipv4.ttl", Kind::uniform, 32, 64)};
  spec.payload.fields = {program("price", Kind::walk, 9000, 11000),
                         program("quantity", Kind::uniform, 1, 1000)};
  auto symbols = program("symbol", Kind::zipf, 0, 0);
  for (const char* name : {"AAPL", "MSFT", "NVDA", "AMZN"}) {
    symbols.values.push_back({0, {name, name + 4}});
  }
  spec.payload.fields.push_back(symbols);
  return spec;
}

inline gen::Generator generator() {
  return need(gen::Generator::create(std::vector{stream()}, 1, 10'000'000'000, {}));
}

// Hangs a program on the end that drops everything: a peer that costs as little as one can.
inline port::FileDescriptor drop_all(const port::VethPair::End& end) {
  port::BpfAssembler code;
  code.alu(BPF_MOV, port::BpfAssembler::r0, XDP_DROP);
  code.exit();
  const port::FileDescriptor program = need(port::load_xdp(code.code(), "drop"));
  port::FileDescriptor link;
  need(end.space.run([&]() -> base::Status {
    link = port::link_xdp(program.get(), end.link.index, XDP_FLAGS_DRV_MODE);
    return link ? base::Status() : port::bpf_refused("cannot attach the dropping program", errno);
  }));
  return link;
}

}  // namespace ringbed::bench
