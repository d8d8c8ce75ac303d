// The plan of a run: the normalised scenario (message Plan of scenario.proto) as the structs that
// the components take. TypeScript has validated it and explained every fault; here a plan that
// cannot be is simply refused, because bytes may come from anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/counters.hpp"
#include "base/result.hpp"
#include "device/config.hpp"
#include "gen/stream_spec.hpp"
#include "port/registry.hpp"
#include "sim/cost.hpp"
#include "sim/simulator.hpp"

namespace ringbed::engine {

// What the bundled stages are told besides the device's target and groups.
struct StageOptions {
  enum class Verdict : std::uint8_t { ring, kernel, drop };
  Verdict match = Verdict::ring;
  Verdict otherwise = Verdict::ring;
  double limit_pps = 0.0;  // 0: no limit
  std::uint32_t limit_burst = 0;
  std::uint32_t sample_every = 0;  // 0: none
};

struct ClassifierPlan {
  struct MapSize {
    std::string name;
    std::uint32_t max_entries = 0;
  };
  std::string object;               // a path
  std::vector<std::string> stages;  // programs for slots 0, 1, ...; empty: as the object has it
  std::string program;              // the entry; empty: the one that is no stage
  std::string type;                 // xdp or tc, where a section does not say; may be empty
  std::vector<MapSize> maps;        // sizes instead of the object's own
  std::string prog_array;           // the map of the stages; empty: the only one
  std::uint64_t instruction_fs = 0;
  StageOptions options;
  std::uint32_t swaps = 0;          // live worlds: it is loaded anew and swapped so often
  std::uint64_t swap_every_ns = 0;  // 0: one swap behind the other
};

// How a live world sends the streams.
struct GeneratorPlan {
  std::string engine;  // xdp, packet, socket, kernel; empty: as the world offers
  port::SocketTuning socket;
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
  port::SocketTuning socket;
  port::Choice huge_pages = port::Choice::automatic;
  port::Choice hardware_stamps = port::Choice::automatic;
  port::Choice partial_checksums = port::Choice::automatic;  // automatic: as the world's link asks
  sim::DeviceCosts costs;
  GeneratorPlan generator;
};

// The parts that the run's live counters have groups of cells for.
[[nodiscard]] inline base::CounterShape shape_of(const Plan& plan) noexcept {
  return {plan.traffic.size(), plan.sim.nic.queues, plan.sim.core.count};
}

// A multicast group's MAC, for a NIC's filter.
[[nodiscard]] wire::MacAddress group_mac(const device::IpAddress& group);

// Reads the message Plan. Error: invalid, naming the part that is malformed or out of range.
[[nodiscard]] base::Result<Plan> decode_plan(base::ByteView bytes);

}  // namespace ringbed::engine
