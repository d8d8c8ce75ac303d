// Plan from its protobuf bytes (src/scenario/scenario.proto): one function a message, in the order
// of the file. The last part checks what the components rely on: sizes that would overflow,
// indices that would point nowhere.
#include <algorithm>
#include <cmath>

#include "engine/plan.hpp"
#include "engine/proto_wire.hpp"
#include "engine/stream_codec.hpp"

namespace ringbed::engine {

namespace {

void read_world(ProtoReader& in, Plan& plan) {
  while (in.next()) {
    switch (in.field()) {
      case 1: plan.world = in.enumeration(Plan::World::nic); break;
      case 2: plan.interfaces.push_back(in.text()); break;
      case 3: plan.allowed_interfaces.push_back(in.text()); break;
      default: break;
    }
  }
}

void read_distribution(ProtoReader& in, sim::Distribution& law) {
  while (in.next()) {
    switch (in.field()) {
      case 1: law.kind = in.enumeration(sim::Distribution::Kind::pareto); break;
      case 2: law.a = in.u64(); break;
      case 3: law.b = in.u64(); break;
      case 4: law.shape = static_cast<double>(in.u64()) / 1'000.0; break;
      default: break;
    }
  }
}

void read_link(ProtoReader& in, Plan& plan) {
  sim::LinkConfig& link = plan.sim.link;
  while (in.next()) {
    switch (in.field()) {
      case 1: link.rate_bps = in.u64(); break;
      case 2: link.delay = in.u64(); break;
      case 3: nested(in, link.jitter, read_distribution); break;
      case 4: link.loss = in.real(); break;
      case 5: link.duplicate = in.real(); break;
      case 6: link.reorder = in.real(); break;
      case 7: link.reorder_delay = in.u64(); break;
      case 8: link.corrupt = in.real(); break;
      case 9: link.queue_frames = in.u32(); break;
      case 10: plan.mtu_bytes = in.u32(); break;
      default: break;
    }
  }
}

void read_nic(ProtoReader& in, sim::NicConfig& nic) {
  using Filter = sim::NicConfig::MulticastFilter;
  while (in.next()) {
    switch (in.field()) {
      case 1: nic.queues = in.u32(); break;
      case 2: nic.rx_descriptors = in.u32(); break;
      case 3: nic.tx_descriptors = in.u32(); break;
      case 4: nic.coalesce = in.u64(); break;
      case 5: nic.coalesce_frames = in.u32(); break;
      case 6: nic.filter = in.enumeration(Filter::promiscuous); break;
      case 7: nic.dma_delay = in.u64(); break;
      case 8: nic.check_fcs = in.boolean(); break;
      case 9: {
        const base::ByteView key = in.bytes();
        if (key.size() == nic.rss_key.size()) {
          std::copy(key.begin(), key.end(), nic.rss_key.begin());
        } else if (!key.empty()) {
          in.fail();
        }
        break;
      }
      case 10: nic.reta_size = in.u32(); break;
      case 11: nic.buffer_bytes = in.u32(); break;
      default: break;
    }
  }
}

void read_noise(ProtoReader& in, sim::Noise& noise) {
  while (in.next()) {
    switch (in.field()) {
      case 1: noise.rate_hz = in.real(); break;
      case 2: nested(in, noise.length, read_distribution); break;
      default: break;
    }
  }
}

void read_core(ProtoReader& in, sim::CoreConfig& core) {
  while (in.next()) {
    switch (in.field()) {
      case 1: core.poll = in.enumeration(sim::PollMode::interrupt); break;
      case 2: core.count = in.u32(); break;
      case 3: core.batch = in.u32(); break;
      case 4: core.budget = in.u32(); break;
      case 5: nested(in, core.noise, read_noise); break;
      default: break;
    }
  }
}

void read_costs(ProtoReader& in, Plan& plan) {
  sim::DeviceCosts& costs = plan.costs;
  sim::WorldCosts& around = plan.sim.costs;
  while (in.next()) {
    switch (in.field()) {
      case 1: nested(in, costs.packet, read_distribution); break;
      case 2: costs.byte_femtoseconds = in.u64(); break;
      case 3: nested(in, costs.probe, read_distribution); break;
      case 4: nested(in, costs.cold_probe, read_distribution); break;
      case 5: nested(in, costs.classifier, read_distribution); break;
      case 6: nested(in, costs.respond, read_distribution); break;
      case 7: nested(in, around.tx_completion, read_distribution); break;
      case 8: nested(in, around.poll, read_distribution); break;
      case 9: nested(in, around.interrupt, read_distribution); break;
      case 10: nested(in, around.yield, read_distribution); break;
      default: break;
    }
  }
}

void read_map_size(ProtoReader& in, ClassifierPlan::MapSize& map) {
  while (in.next()) {
    switch (in.field()) {
      case 1: map.name = in.text(); break;
      case 2: map.max_entries = in.u32(); break;
      default: break;
    }
  }
}

void read_stage_options(ProtoReader& in, StageOptions& options) {
  while (in.next()) {
    switch (in.field()) {
      case 1: options.match = in.enumeration(StageOptions::Verdict::drop); break;
      case 2: options.otherwise = in.enumeration(StageOptions::Verdict::drop); break;
      case 3: options.limit_pps = in.real(); break;
      case 4: options.limit_burst = in.u32(); break;
      case 5: options.sample_every = in.u32(); break;
      default: break;
    }
  }
}

void read_classifier(ProtoReader& in, ClassifierPlan& classifier) {
  while (in.next()) {
    switch (in.field()) {
      case 1: classifier.object = in.text(); break;
      case 2: classifier.stages.push_back(in.text()); break;
      case 3: classifier.program = in.text(); break;
      case 5: classifier.type = in.text(); break;
      case 6: nested(in, classifier.maps.emplace_back(), read_map_size); break;
      case 7: classifier.prog_array = in.text(); break;
      case 8: classifier.instruction_fs = in.u64(); break;
      case 9: nested(in, classifier.options, read_stage_options); break;
      case 10: classifier.swaps = in.u32(); break;
      case 11: classifier.swap_every_ns = in.u64(); break;
      default: break;
    }
  }
}

void read_endpoint(ProtoReader& in, device::Endpoint& endpoint) {
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        const base::ByteView mac = in.bytes();
        if (mac.size() == endpoint.mac.bytes.size()) {
          endpoint.mac = wire::MacAddress::load(mac.data());
        } else if (!mac.empty()) {
          in.fail();
        }
        break;
      }
      case 2: endpoint.ip = device::IpAddress::from(in.bytes()); break;
      case 3: {
        const std::uint32_t port = in.u32();
        if (port > UINT16_MAX) {
          in.fail();
        }
        endpoint.port = static_cast<std::uint16_t>(port);
        break;
      }
      default: break;
    }
  }
}

void read_pool(ProtoReader& in, device::PoolConfig& pool) {
  while (in.next()) {
    switch (in.field()) {
      case 1: pool.kind = in.text(); break;
      case 2: pool.size = in.u32(); break;
      case 3: pool.buffer_bytes = in.u32(); break;
      default: break;
    }
  }
}

void read_connections(ProtoReader& in, device::ConnectionsConfig& table) {
  while (in.next()) {
    switch (in.field()) {
      case 1: table.kind = in.text(); break;
      case 2: table.buckets = in.u32(); break;
      case 3: table.capacity = in.u32(); break;
      case 4: table.policy = in.enumeration(device::FullPolicy::evict_oldest); break;
      case 5: table.idle_timeout_ns = in.u64(); break;
      default: break;
    }
  }
}

void read_logic(ProtoReader& in, device::LogicConfig& logic) {
  while (in.next()) {
    switch (in.field()) {
      case 1: logic.kind = in.text(); break;
      case 2: logic.price_below_cents = in.u32(); break;
      case 3: logic.quantity = in.u32(); break;
      case 4: logic.order_cache = in.u32(); break;
      case 5: logic.every = in.u32(); break;
      default: break;
    }
  }
}

void read_xdp(ProtoReader& in, Plan& plan) {
  port::XdpOptions& xdp = plan.xdp;
  xdp.need_wakeup = false;
  xdp.live_frames = port::Choice::automatic;
  while (in.next()) {
    switch (in.field()) {
      case 1: xdp.mode = in.enumeration(port::XdpMode::generic); break;
      case 2: xdp.copy = in.enumeration(port::XdpCopy::copy); break;
      case 3: xdp.busy_poll = in.enumeration(port::Choice::on); break;
      case 4: xdp.busy_poll_us = in.u32(); break;
      case 5: xdp.busy_poll_budget = in.u32(); break;
      case 6: xdp.need_wakeup = in.boolean(); break;
      case 7: plan.huge_pages = in.enumeration(port::Choice::on); break;
      case 8: xdp.live_frames = in.enumeration(port::Choice::on); break;
      case 9: plan.hardware_stamps = in.enumeration(port::Choice::on); break;
      default: break;
    }
  }
}

void read_socket(ProtoReader& in, port::SocketTuning& socket) {
  while (in.next()) {
    switch (in.field()) {
      case 1: socket.gso = in.boolean(); break;
      case 2: socket.gro = in.boolean(); break;
      case 3: socket.busy_poll_us = in.u32(); break;
      case 4: socket.busy_poll_budget = in.u32(); break;
      default: break;
    }
  }
}

void read_device(ProtoReader& in, Plan& plan) {
  device::DeviceConfig& config = plan.device;
  while (in.next()) {
    switch (in.field()) {
      case 1: config.kind = in.text(); break;
      case 2: nested(in, config.address, read_endpoint); break;
      case 3: nested(in, config.target, read_endpoint); break;
      case 4: config.protocol = static_cast<std::uint8_t>(in.u32()); break;
      case 5: nested(in, config.respond_to, read_endpoint); break;
      case 6: config.join.push_back(device::IpAddress::from(in.bytes())); break;
      case 7: config.little_endian = in.boolean(); break;
      case 8: config.verify_checksums = in.boolean(); break;
      case 9: nested(in, plan.pool, read_pool); break;
      case 10: nested(in, config.connections, read_connections); break;
      case 11: nested(in, config.logic, read_logic); break;
      case 12: config.enabled = in.boolean(); break;
      case 13: plan.port = in.text(); break;
      case 14: nested(in, plan, read_xdp); break;
      case 15: nested(in, plan.socket, read_socket); break;
      case 16: plan.partial_checksums = in.enumeration(port::Choice::on); break;
      default: break;
    }
  }
}

void read_fault(ProtoReader& in, sim::WorldConfig& world) {
  enum class Kind : std::uint8_t { pause, link_down, loss_burst, stall };
  Kind kind = Kind::pause;
  std::uint64_t at_ns = 0;
  std::uint64_t for_ns = 0;
  std::uint32_t core = 0;
  std::uint32_t queue = 0;
  double probability = 0.0;
  while (in.next()) {
    switch (in.field()) {
      case 1: at_ns = in.u64(); break;
      case 2: for_ns = in.u64(); break;
      case 3: kind = in.enumeration(Kind::stall); break;
      case 4: core = in.u32(); break;
      case 5: queue = in.u32(); break;
      case 6: probability = in.real(); break;
      default: break;
    }
  }
  constexpr std::uint64_t kLongestNs = UINT64_MAX / sim::kPsPerNs / 4;
  if (at_ns > kLongestNs || for_ns > kLongestNs) {
    in.fail();
    return;
  }
  const sim::Interval when{at_ns * sim::kPsPerNs, (at_ns + for_ns) * sim::kPsPerNs};
  switch (kind) {
    case Kind::pause: world.pauses.push_back({core, when}); break;
    case Kind::link_down: world.link_faults.push_back({when.start, when.end, true, 0.0}); break;
    case Kind::loss_burst:
      world.link_faults.push_back({when.start, when.end, false, probability});
      break;
    case Kind::stall: world.stalls.push_back({queue, when}); break;
  }
}

void read_generator(ProtoReader& in, GeneratorPlan& generator) {
  while (in.next()) {
    switch (in.field()) {
      case 1: generator.engine = in.text(); break;
      case 2: nested(in, generator.socket, read_socket); break;
      default: break;
    }
  }
}

void read_plan(ProtoReader& in, Plan& plan) {
  while (in.next()) {
    switch (in.field()) {
      case 1: plan.name = in.text(); break;
      case 3: plan.seed = in.u64(); break;
      case 4: plan.duration_ns = in.u64(); break;
      case 5: plan.packets = in.u64(); break;
      case 6: plan.sim.warmup = in.u64(); break;  // in ns until finish() scales it
      case 7: nested(in, plan, read_world); break;
      case 8: nested(in, plan, read_link); break;
      case 9: nested(in, plan.sim.nic, read_nic); break;
      case 10: nested(in, plan.sim.core, read_core); break;
      case 11: nested(in, plan.traffic.emplace_back(), read_stream); break;
      case 12:
        plan.has_classifier = true;
        nested(in, plan.classifier, read_classifier);
        break;
      case 13: nested(in, plan, read_device); break;
      case 14: nested(in, plan, read_costs); break;
      case 15: nested(in, plan.sim, read_fault); break;
      case 17: nested(in, plan.generator, read_generator); break;
      default: break;  // description, slo: not the core's business
    }
  }
}

base::Error refused(std::string what) {
  return {base::ErrorCode::invalid, "not a plan that can run: " + std::move(what),
          "make the plan with ringbed's own scenario compiler, in the same version"};
}

[[nodiscard]] bool is_share(double value) noexcept { return value >= 0.0 && value <= 1.0; }

[[nodiscard]] bool in_range(const port::SocketTuning& socket) noexcept {
  return socket.busy_poll_us <= 1'000'000 && socket.busy_poll_budget <= UINT16_MAX;
}

// What the components take for granted.
base::Status check(const Plan& plan) {
  constexpr std::uint64_t kLongestNs = 1ULL << 53;
  constexpr std::uint32_t kMostDescriptors = 1U << 20;
  const sim::WorldConfig& world = plan.sim;
  const sim::LinkConfig& link = world.link;
  const sim::NicConfig& nic = world.nic;
  struct Rule {
    bool holds;
    const char* what;
  };
  const Rule rules[] = {
      {plan.duration_ns != 0 || plan.packets != 0 ||
           std::all_of(plan.traffic.begin(), plan.traffic.end(),
                       [](const gen::StreamSpec& stream) { return stream.has_end(); }),
       "neither duration nor packets bound it"},
      {plan.duration_ns <= kLongestNs && world.warmup <= kLongestNs,
       "duration or warm-up too long"},
      {link.rate_bps >= 1'000 && link.rate_bps <= 1'000'000'000'000'000, "link rate out of range"},
      {link.delay <= sim::kPsPerSecond * 60 && link.reorder_delay <= sim::kPsPerSecond * 60,
       "link delay above a minute"},
      {is_share(link.loss) && is_share(link.duplicate) && is_share(link.reorder) &&
           is_share(link.corrupt),
       "a probability outside 0..1"},
      {link.queue_frames >= 1 && link.queue_frames <= kMostDescriptors, "link queue out of range"},
      {plan.mtu_bytes >= 68 && plan.mtu_bytes <= 65'535, "MTU out of range"},
      {nic.queues >= 1 && nic.queues <= 256, "queues out of range"},
      {nic.rx_descriptors >= 1 && nic.rx_descriptors <= kMostDescriptors &&
           nic.tx_descriptors >= 1 && nic.tx_descriptors <= kMostDescriptors,
       "descriptors out of range"},
      {nic.reta_size >= 1 && nic.reta_size <= 65'536 && std::has_single_bit(nic.reta_size),
       "indirection table is not a power of two"},
      {nic.buffer_bytes >= 64 && nic.buffer_bytes <= 65'536, "receive buffer out of range"},
      {world.core.count >= 1 && world.core.count <= 256, "cores out of range"},
      {world.core.batch >= 1 && world.core.batch <= 4'096, "batch out of range"},
      {world.core.budget >= 1, "NAPI budget is zero"},
      {world.core.noise.rate_hz >= 0.0 && world.core.noise.rate_hz <= 1e9,
       "noise rate out of range"},
      {std::all_of(world.pauses.begin(), world.pauses.end(),
                   [&](const sim::CorePause& p) { return p.core < world.core.count; }),
       "a pause of a core that does not exist"},
      {std::all_of(world.stalls.begin(), world.stalls.end(),
                   [&](const sim::Stall& s) { return s.queue < nic.queues; }),
       "a stall of a queue that does not exist"},
      {std::all_of(world.link_faults.begin(), world.link_faults.end(),
                   [](const sim::LinkFault& f) { return is_share(f.loss); }),
       "a loss burst outside 0..1"},
      {plan.xdp.busy_poll_us <= 1'000'000 && plan.xdp.busy_poll_budget >= 1 &&
           plan.xdp.busy_poll_budget <= UINT16_MAX,
       "busy polling out of range"},
      {in_range(plan.socket) && in_range(plan.generator.socket),
       "busy polling of sockets out of range"},
      {!plan.traffic.empty(), "no traffic"},
  };
  for (const Rule& rule : rules) {
    if (!rule.holds) {
      return refused(rule.what);
    }
  }
  return {};
}

// What one part of the plan says about another.
void finish(Plan& plan) {
  sim::WorldConfig& world = plan.sim;
  world.seed = plan.seed;
  world.warmup *= sim::kPsPerNs;
  world.nic.address = plan.device.address.mac;
  for (gen::StreamSpec& stream : plan.traffic) {
    if (stream.kind == gen::StreamSpec::Kind::replay) {
      stream.to.mac = plan.device.address.mac;
    }
  }
  for (const device::IpAddress& group : plan.device.join) {
    world.nic.joined.push_back(group_mac(group));
  }
  std::stable_sort(
      world.link_faults.begin(), world.link_faults.end(),
      [](const sim::LinkFault& a, const sim::LinkFault& b) { return a.start < b.start; });
  plan.pool.cores = world.core.count;
  plan.device.connections.seed = plan.seed;
}

// proto3 leaves out what is zero or false, so reading starts from there and not from the defaults
// of the components.
Plan zero_plan() {
  Plan plan;
  plan.mtu_bytes = 0;
  sim::LinkConfig& link = plan.sim.link;
  link.rate_bps = 0;
  link.queue_frames = 0;
  sim::NicConfig& nic = plan.sim.nic;
  nic.queues = 0;
  nic.rx_descriptors = 0;
  nic.tx_descriptors = 0;
  nic.check_fcs = false;
  nic.reta_size = 0;
  nic.buffer_bytes = 0;
  plan.sim.core.count = 0;
  plan.sim.core.batch = 0;
  plan.sim.core.budget = 0;
  plan.pool.size = 0;
  plan.pool.buffer_bytes = 0;
  device::DeviceConfig& device = plan.device;
  device.protocol = 0;
  device.verify_checksums = false;
  device.enabled = false;
  device.connections.buckets = 0;
  device.connections.capacity = 0;
  device.connections.idle_timeout_ns = 0;
  device.logic.price_below_cents = 0;
  device.logic.quantity = 0;
  device.logic.order_cache = 0;
  device.logic.every = 1;  // other logics have none
  return plan;
}

}  // namespace

wire::MacAddress group_mac(const device::IpAddress& group) {
  return group.is_v4() ? wire::multicast_mac(wire::Ipv4Address::load(group.bytes.data()))
                       : wire::multicast_mac(wire::Ipv6Address::load(group.bytes.data()));
}

base::Result<Plan> decode_plan(base::ByteView bytes) {
  Plan plan = zero_plan();
  ProtoReader reader(bytes);
  read_plan(reader, plan);
  if (!reader.ok()) {
    return refused("field " + std::to_string(reader.field()) + " of the message is malformed");
  }
  if (base::Status status = check(plan); !status.ok()) {
    return status.error();
  }
  finish(plan);
  return plan;
}

}  // namespace ringbed::engine
