// The plan of a run: the normalised scenario (message Plan of scenario.proto) as the structs that
// the components take. TypeScript has validated it and explained every fault; here a plan that
// cannot be is simply refused, because bytes may come from anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "device/config.hpp"
#include "gen/stream_spec.hpp"
#include "port/registry.hpp"
#include "sim/cost.hpp"
#include "sim/simulator.hpp"

namespace ringbed::engine {

struct ClassifierPlan {
  std::string object;
  std::vector<std::string> stages;
};

// How a live world sends the streams.
struct GeneratorPlan {
  std::string engine;  // xdp, packet, socket, kernel; empty: as the world offers
};

struct Plan {
  enum class World : std::uint8_t { sim, veth, nic };
  std::string name;
  std::uint64_t seed = 0;
  std::uint64_t duration_ns = 0;  // 0: bounded by packets
  std::uint64_t packets = 0;      // 0: bounded by duration
  World world = World::sim;
  std::vector<std::string> interfaces;
  std::vector<std::string> allowed_interfaces;  // although down or with a default route
  std::uint32_t mtu_bytes = 1500;
  sim::WorldConfig sim;  // link, NIC, core, costs around the device, faults, seed, warm-up
  std::vector<gen::StreamSpec> traffic;
  bool has_classifier = false;
  ClassifierPlan classifier;
  device::DeviceConfig device;
  device::PoolConfig pool;
  std::string port;  // the device's port backend; empty: as the world offers
  port::XdpOptions xdp;
  port::Choice huge_pages = port::Choice::automatic;
  sim::DeviceCosts costs;
  GeneratorPlan generator;
};

// Reads the message Plan. Error: invalid, naming the part that is malformed or out of range.
[[nodiscard]] base::Result<Plan> decode_plan(base::ByteView bytes);

}  // namespace ringbed::engine
