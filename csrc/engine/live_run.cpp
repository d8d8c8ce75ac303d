#include "engine/live_run.hpp"

#include <bit>
#include <string>

#include "engine/clock_check.hpp"
#include "engine/datagram_ends.hpp"
#include "engine/live_books.hpp"
#include "engine/live_nic_world.hpp"
#include "engine/live_session.hpp"
#include "engine/veth_world.hpp"
#include "port/privilege.hpp"

namespace ringbed::engine {

namespace {

// In front of a received frame AF_XDP leaves room for headers.
constexpr std::uint32_t kHeadroomBytes = 256;
constexpr std::uint32_t kEthernetBytes = 14;
constexpr std::uint32_t kLargestFrame = 16384;

// `key`: of the scenario, which names the backend. `datagrams`: whether it carries only those;
// `xdp`: whether it hangs an XDP program on its interface.
base::Status check_backend(const Plan& plan, const std::string& key, const std::string& name,
                           bool& datagrams, bool& xdp) {
  std::string others;
  for (const port::Backend& row : port::backends()) {
    if (row.on_interface && row.name == name) {
      datagrams = row.datagrams_only;
      xdp = row.attaches_xdp;
      return datagrams ? check_datagrams(plan, key, name) : base::Status();
    }
    if (row.on_interface) {
      others += (others.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  return base::Error{base::ErrorCode::invalid,
                     key + " '" + name + "' does not work on a network interface in this build",
                     "leave it out, or use one of: " + others};
}

base::Result<LiveSetup> setup_of(const Plan& plan, std::uint32_t longest) {
  LiveSetup setup;
  setup.mtu = std::max(plan.mtu_bytes, longest - kEthernetBytes);
  const std::uint32_t needed = std::max({setup.mtu + kEthernetBytes + kHeadroomBytes,
                                         longest + kHeadroomBytes, plan.pool.buffer_bytes, 2048U});
  setup.frame_bytes = std::bit_ceil(needed);
  if (setup.frame_bytes > kLargestFrame) {
    return base::Error{
        base::ErrorCode::unavailable,
        "a live world carries frames of up to " + std::to_string(kLargestFrame - kHeadroomBytes) +
            " bytes, this scenario needs " + std::to_string(needed - kHeadroomBytes),
        "lower link.mtu, the frame sizes and device.pool.bufferBytes, or run it with --on sim"};
  }
  if (!plan.port.empty()) {
    setup.device_backend = plan.port;
  }
  if (!plan.generator.engine.empty()) {
    setup.generator_backend = plan.generator.engine;
  }
  base::Status status = check_backend(plan, "device.port", setup.device_backend,
                                      setup.device_datagrams, setup.device_xdp);
  if (status) {
    status = check_backend(plan, "generator.engine", setup.generator_backend,
                           setup.generator_datagrams, setup.generator_xdp);
  }
  if (!status) {
    return status.error();
  }
  if (plan.has_classifier && setup.device_backend != "xdp") {
    return base::Error{
        base::ErrorCode::invalid,
        "device.port '" + setup.device_backend +
            "' with a classifier: it redirects to AF_XDP sockets, which are those of "
            "the backend xdp",
        "leave device.port out, or the classifier"};
  }
  setup.device_rx = plan.sim.nic.rx_descriptors;
  setup.device_tx = plan.sim.nic.tx_descriptors;
  return setup;
}

// Said before anything is made, with every capability that is missing, and not one at a time.
base::Status check_privileges(const Plan& plan, const LiveSetup& setup) {
  std::vector<port::Capability> wanted{port::Capability::net_admin, port::Capability::net_raw};
  const bool generates = plan.world == Plan::World::veth || plan.interfaces.size() == 2;
  if (setup.device_xdp || (generates && setup.generator_xdp) || plan.has_classifier) {
    wanted.push_back(port::Capability::bpf);
  }
  if (plan.world == Plan::World::veth) {
    wanted.push_back(port::Capability::sys_admin);  // namespaces
  }
  return port::require(wanted, plan.world == Plan::World::veth ? "world veth" : "world nic");
}

void tell_of_stamps(const LiveSession& session, ClockResult& clock) {
  const HardwareStamps& device = session.device_stamps();
  const HardwareStamps& generator = session.generator_stamps();
  clock.stamps = device.clock() != nullptr ? "hardware" : "software";
  clock.why_stamps = device.text();
  if (generator.clock() != nullptr) {
    clock.why_stamps += "; responses " + generator.text();
  }
}

base::Result<std::unique_ptr<LiveSession>> open_session(const Plan& plan, LiveWorld& world,
                                                        gen::Generator source,
                                                        const LiveSetup& setup) {
  // Megabytes that the run need not keep.
  const auto types = ebpf::KernelTypes::load();
  return LiveSession::open(plan, world, std::move(source), setup, types);
}

}  // namespace

base::Result<RunResult> run_live(const Plan& plan, const RunControl& control) {
  auto source = gen::Generator::create(plan.traffic, plan.seed, plan.sim.link.rate_bps,
                                       {plan.packets, plan.duration_ns * sim::kPsPerNs});
  if (!source) {
    return source.error();
  }
  auto setup = setup_of(plan, source.value().max_frame_bytes());
  if (!setup) {
    return setup.error();
  }
  if (base::Status status = check_privileges(plan, setup.value()); !status) {
    return status.error();
  }
  setup.value().state_folder = control.state_folder;
  auto world = plan.world == Plan::World::veth ? make_veth_world(plan, setup.value())
                                               : make_nic_world(plan, setup.value());
  if (!world) {
    return world.error();
  }
  auto clock = check_clock();
  if (!clock) {
    return clock.error();
  }
  auto session = open_session(plan, *world.value(), std::move(source).value(), setup.value());
  if (!session) {
    return session.error();
  }
  if (base::Status status = session.value()->run(control); !status) {
    return status.error();
  }
  RunResult result = close_books(plan, *world.value(), *session.value(), control.stopped());
  result.clock = std::move(clock).value();
  tell_of_stamps(*session.value(), result.clock);
  return result;
}

}  // namespace ringbed::engine
