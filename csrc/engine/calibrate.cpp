#include "engine/calibrate.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/random.hpp"
#include "device/devices.hpp"
#include "device/pools.hpp"
#include "device/tables.hpp"
#include "gen/generator.hpp"

namespace ringbed::engine {

namespace {

constexpr std::size_t kFrames = 1'024;
constexpr int kRounds = 201;
constexpr std::uint32_t kSmall = 66;
constexpr std::uint32_t kLarge = 1'466;
constexpr std::uint32_t kAddress = 0x0a000002;  // 10.0.0.2

// Median time of one call of `work`, in nanoseconds, over kRounds rounds of `calls` calls.
template <typename Work>
double median_ns(std::size_t calls, Work work) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < calls; ++i) {
      work(i);
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    rounds.push_back(took.count() / static_cast<double>(calls));
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

std::vector<std::uint8_t> ip_bytes(std::uint32_t address) {
  std::vector<std::uint8_t> bytes(4);
  base::store_be(bytes.data(), address);
  return bytes;
}

// Market data for the device, at a price that does or does not lead to an order.
base::Result<std::vector<std::vector<std::uint8_t>>> make_frames(std::uint32_t bytes,
                                                                 std::uint64_t price) {
  gen::StreamSpec stream;
  stream.name = "calibrate";
  stream.from = {wire::MacAddress{{2, 0, 0, 0, 0, 1}}, ip_bytes(0x0a000001), 40'000};
  stream.to = {wire::MacAddress{{2, 0, 0, 0, 0, 2}}, ip_bytes(kAddress), 8'080};
  stream.rate = {gen::RateSpec::Kind::constant, gen::RateSpec::Unit::pps, 1e6, 0.0, 0, 0, 0};
  stream.payload.kind = "nanonet.market_data";
  stream.payload.size.kind = gen::SizeSpec::Kind::choice;
  stream.payload.size.choices = {bytes};
  gen::FieldProgramSpec fixed;
  fixed.field = "price";
  fixed.values = {{price, {}}};
  stream.payload.fields = {fixed};
  stream.flows = 64;
  const std::vector<gen::StreamSpec> streams{stream};
  auto generator = gen::Generator::create(streams, 1, 10'000'000'000, {kFrames, 0});
  if (!generator) {
    return generator.error();
  }
  std::vector<std::vector<std::uint8_t>> frames;
  std::vector<std::uint8_t> frame(generator.value().max_frame_bytes());
  gen::FrameMeta meta;
  while (generator.value().next(frame, meta)) {
    frames.emplace_back(frame.begin(), frame.begin() + meta.length);
  }
  return frames;
}

device::DeviceConfig device_config() {
  device::DeviceConfig config;
  config.address.mac = wire::MacAddress{{2, 0, 0, 0, 0, 2}};
  config.address.ip = device::IpAddress::from(ip_bytes(kAddress));
  config.target = {config.address.mac, config.address.ip, 8'080};
  config.connections.capacity = 64;
  return config;
}

// Nanoseconds for one frame of the set through the whole device; buffers come home at once.
base::Result<double> device_ns(std::uint32_t bytes, std::uint64_t price) {
  auto frames = make_frames(bytes, price);
  if (!frames) {
    return frames.error();
  }
  auto pool = device::create_pool({"percore", 256, 1'500, 1});
  if (!pool) {
    return pool.error();
  }
  auto device = device::create_device(device_config(), *pool.value(), 0);
  if (!device) {
    return device.error();
  }
  std::uint64_t now = 0;
  return median_ns(kFrames, [&](std::size_t i) {
    const device::Verdict verdict = device.value()->process(frames.value()[i], ++now);
    if (verdict.outcome == device::Outcome::responded) {
      device.value()->complete(verdict.response);
    }
  });
}

// Nanoseconds of one probe in a table of `connections`, looked up in random order.
base::Result<double> probe_ns(std::uint32_t connections) {
  device::ConnectionsConfig config;
  config.buckets = connections;
  config.capacity = connections;
  auto table = device::create_table(config);
  if (!table) {
    return table.error();
  }
  const auto key = [](std::uint32_t i) {
    return device::ConnectionKey::v4(0x0a010000 + i, kAddress, static_cast<std::uint16_t>(i), 80,
                                     6);
  };
  for (std::uint32_t i = 0; i < connections; ++i) {
    static_cast<void>(table.value()->insert(key(i), 1));
  }
  const std::uint64_t probes_before = table.value()->stats().probes;
  const std::uint64_t lookups_before = table.value()->stats().lookups;
  base::Random random(1, "calibrate.probe");
  const double lookup = median_ns(kFrames, [&](std::size_t) {
    static_cast<void>(
        table.value()->find(key(static_cast<std::uint32_t>(random.below(connections))), 1));
  });
  const auto stats = table.value()->stats();
  const double probes = static_cast<double>(stats.probes - probes_before) /
                        static_cast<double>(stats.lookups - lookups_before);
  return lookup / std::max(probes, 1.0);
}

std::uint64_t ps(double ns) { return static_cast<std::uint64_t>(std::max(ns, 0.0) * 1'000 + 0.5); }

}  // namespace

base::Result<std::vector<CalibratedCost>> calibrate() {
  constexpr std::uint64_t kNoOrder = 20'000;
  constexpr std::uint64_t kOrder = 9'000;
  const auto quiet = device_ns(kSmall, kNoOrder);
  const auto quiet_large = device_ns(kLarge, kNoOrder);
  const auto answered = device_ns(kSmall, kOrder);
  const auto probe = probe_ns(64);
  const auto cold = probe_ns(1U << 20);
  for (const auto* measured : {&quiet, &quiet_large, &answered, &probe, &cold}) {
    if (!measured->ok()) {
      return measured->error();
    }
  }
  const double byte = (quiet_large.value() - quiet.value()) / (kLarge - kSmall);
  return std::vector<CalibratedCost>{
      {"packet", ps(quiet.value() - byte * kSmall)},
      {"byte", ps(byte)},
      {"probe", ps(probe.value())},
      {"coldProbe", ps(cold.value())},
      {"respond", ps(answered.value() - quiet.value())},
  };
}

}  // namespace ringbed::engine
