#include "engine/veth_world.hpp"

#include <algorithm>
#include <optional>

#include "engine/datagram_ends.hpp"
#include "port/nic_info.hpp"
#include "port/veth.hpp"
#include "port/xdp_program.hpp"

namespace ringbed::engine {

namespace {

constexpr std::array<std::uint8_t, 6> kGeneratorMac{0x02, 0x72, 0x62, 0, 0, 1};

// One end of the pair: its backend, and its namespace's stack where that backend needs it.
struct End {
  port::VethPair::End& at;
  std::string backend;
  port::XdpMode mode;  // where the scenario has no wish
  port::SocketOptions sockets;
  std::optional<port::StackCounters> stack;

  [[nodiscard]] base::Status prepare(const port::HostAddresses& addresses) {
    return at.space.run([&]() -> base::Status {
      auto counters = port::StackCounters::open();
      if (!counters) {
        return counters.error();
      }
      stack = std::move(counters).value();
      base::Status status = port::prepare_stack(at.link, addresses);
      if (status && sockets.tuning.gro) {
        status = port::receive_in_rows(at.link.name);
      }
      return status;
    });
  }
  [[nodiscard]] base::Result<port::Ports> open(port::PortConfig config) const {
    config.where = at.link.name;
    config.socket = sockets;
    config.xdp.mode = config.xdp.mode == port::XdpMode::best ? mode : config.xdp.mode;
    base::Result<port::Ports> ports = base::Error{};
    const base::Status status = at.space.run([&]() -> base::Status {
      ports = port::open_ports(backend, config);
      return {};
    });
    return status ? std::move(ports) : base::Result<port::Ports>(status.error());
  }
  [[nodiscard]] base::Result<port::StackCounters::Drops> dropped() const {
    return stack ? stack->read() : port::StackCounters::Drops{};
  }
};

// Native XDP of veth copies every frame that comes from a socket once more (skb_pp_cow_data), the
// generic mode does not: a sixth more frames a second. But generic XDP has lost the queue, and what
// an XDP program redirects into the pair arrives only where there is native XDP. `redirected`: the
// other end does that.
port::XdpMode best_mode(const Plan& plan, bool redirected) {
  if (redirected) {
    return port::XdpMode::native;
  }
  return plan.sim.nic.queues == 1 ? port::XdpMode::generic : port::XdpMode::best;
}

// Whether the streams may come at 100,000 frames a second or more, together and at their fastest.
bool is_busy(const Plan& plan) {
  double sum = 0;
  for (const gen::StreamSpec& stream : plan.traffic) {
    const gen::RateSpec& rate = stream.rate;
    if (stream.kind == gen::StreamSpec::Kind::replay || rate.unit != gen::RateSpec::Unit::pps) {
      return true;
    }
    sum += std::max(rate.rate, rate.rate_to);
  }
  return sum >= 100'000;
}

// Whether the device may send live frames. Automatic: where the generator has an XDP program anyhow
// and the rate makes bursts likely; else its generic mode answers sooner (7.4 against 8.2 us).
bool sends_live(const Plan& plan, const LiveSetup& setup) {
  const bool worth_it = setup.generator_xdp && is_busy(plan);
  return setup.device_backend == "kernel" ||
         (setup.device_backend == "xdp" && plan.xdp.live_frames != port::Choice::off &&
          (plan.xdp.live_frames == port::Choice::on || worth_it));
}

class VethWorld final : public LiveWorld {
 public:
  VethWorld(port::VethPair pair, const Plan& plan, const LiveSetup& setup)
      : pair_(std::move(pair)),
        live_(sends_live(plan, setup)),
        device_xdp_(setup.device_xdp),
        generator_xdp_(setup.generator_xdp),
        generator_{pair_.left(),
                   setup.generator_backend,
                   best_mode(plan, live_),
                   generator_sockets(plan),
                   {}},
        device_{pair_.right(),
                setup.device_backend,
                best_mode(plan, setup.generator_backend == "kernel"),
                device_sockets(plan),
                {}} {
    generator_.sockets.own_mac = device_.sockets.peer_mac = pair_.left().link.mac;
    device_.sockets.own_mac = generator_.sockets.peer_mac = pair_.right().link.mac;
  }

  [[nodiscard]] base::Status prepare(const Plan& plan, const LiveSetup& setup) {
    base::Status status;
    if (setup.generator_datagrams) {
      status = generator_.prepare(generator_addresses(plan));
    }
    if (status && setup.device_datagrams) {
      status = device_.prepare(device_addresses(plan, pair_.left().link.mac));
    }
    return status;
  }

  base::Result<port::Ports> open_generator(const port::PortConfig& config) override {
    return generator_.open(config);
  }
  base::Result<port::Ports> open_device(const port::PortConfig& given) override {
    port::PortConfig config = given;
    config.xdp.live_frames = live_ ? config.xdp.live_frames : port::Choice::off;
    base::Status status;
    if (generator_.backend == "kernel" && device_xdp_ &&
        config.xdp.mode == port::XdpMode::generic) {
      return base::Error{base::ErrorCode::unavailable,
                         "device.xdp.mode: generic receives nothing of the engine `kernel`, whose "
                         "redirected frames arrive only where there is native XDP",
                         "set device.xdp.mode: native (or auto), or generator.engine: xdp"};
    }
    if (generator_.backend == "kernel" && !device_xdp_) {
      status = let_redirected_in(pair_.right());
    } else if (live_ && !generator_xdp_) {
      status = let_redirected_in(pair_.left());
    }
    return status ? device_.open(config) : base::Result<port::Ports>(status.error());
  }
  base::Result<port::LinkInfo> generator_link() override {
    return port::link_in(pair_.left().space, pair_.left().link.name);
  }
  base::Result<port::LinkInfo> device_link() override {
    return port::link_in(pair_.right().space, pair_.right().link.name);
  }
  base::Result<port::StackCounters::Drops> generator_stack() override {
    return generator_.dropped();
  }
  base::Result<port::StackCounters::Drops> device_stack() override { return device_.dropped(); }
  base::Result<std::vector<KernelPlace>> places() override {
    std::vector<KernelPlace> places;
    for (const port::VethPair::End* end : {&pair_.left(), &pair_.right()}) {
      auto inode = end->space.inode();
      if (!inode) {
        return inode.error();
      }
      places.push_back({inode.value(), end->link.index});
    }
    return places;
  }
  base::Status at_generator(const std::function<base::Status()>& work) override {
    return pair_.left().space.run(work);
  }
  base::Status at_device(const std::function<base::Status()>& work) override {
    return pair_.right().space.run(work);
  }
  bool closed() const noexcept override { return true; }

  std::vector<KernelCounter> losses() override {
    std::vector<KernelCounter> counters;
    for (const port::VethPair::End* end : {&pair_.left(), &pair_.right()}) {
      static_cast<void>(end->space.run([&]() -> base::Status {
        add_losses(end->link.name, counters);
        return {};
      }));
    }
    return counters;
  }
  std::vector<std::uint64_t> frames_by_queue() override {
    std::vector<std::uint64_t> queues;
    static_cast<void>(pair_.right().space.run([&]() -> base::Status {
      queues = port::frames_by_queue(pair_.right().link.name);
      return {};
    }));
    return queues;
  }

 private:
  // A veth takes redirected frames only where an XDP program hangs: one that passes them all.
  base::Status let_redirected_in(const port::VethPair::End& end) {
    return end.space.run([&]() -> base::Status {
      auto program = port::XdpProgram::attach(end.link.index, {.mode = port::XdpMode::native});
      if (!program) {
        return program.error();
      }
      passing_ = std::move(program).value();
      return {};
    });
  }

  port::VethPair pair_;
  bool live_;        // the device's frames may be redirected into the pair
  bool device_xdp_;  // LiveSetup::device_xdp
  bool generator_xdp_;
  End generator_;
  End device_;
  port::XdpProgram passing_;
};

}  // namespace

base::Result<std::unique_ptr<LiveWorld>> make_veth_world(const Plan& plan, const LiveSetup& setup) {
  auto pair = port::VethPair::create("rb", kGeneratorMac, plan.device.address.mac.bytes,
                                     plan.sim.nic.queues, setup.mtu);
  if (!pair) {
    return pair.error();
  }
  auto world = std::make_unique<VethWorld>(std::move(pair).value(), plan, setup);
  if (base::Status status = world->prepare(plan, setup); !status) {
    return status.error();
  }
  return std::unique_ptr<LiveWorld>(std::move(world));
}

}  // namespace ringbed::engine
