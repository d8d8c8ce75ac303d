#include "engine/veth_world.hpp"

#include "port/veth.hpp"
#include "port/xdp_program.hpp"

namespace ringbed::engine {

namespace {

constexpr std::array<std::uint8_t, 6> kGeneratorMac{0x02, 0x72, 0x62, 0, 0, 1};

class VethWorld final : public LiveWorld {
 public:
  VethWorld(port::VethPair pair, const LiveSetup& setup)
      : pair_(std::move(pair)),
        generator_backend_(setup.generator_backend),
        device_backend_(setup.device_backend) {}

  base::Result<port::Ports> open_generator(const port::PortConfig& config) override {
    return open(pair_.left(), generator_backend_, config);
  }
  base::Result<port::Ports> open_device(const port::PortConfig& config) override {
    if (generator_backend_ == "kernel" && device_backend_ != "xdp") {
      if (base::Status status = let_redirected_in(); !status) {
        return status.error();
      }
    }
    return open(pair_.right(), device_backend_, config);
  }
  base::Result<port::LinkInfo> generator_link() override {
    return port::link_in(pair_.left().space, pair_.left().link.name);
  }
  base::Result<port::LinkInfo> device_link() override {
    return port::link_in(pair_.right().space, pair_.right().link.name);
  }
  bool closed() const noexcept override { return true; }

 private:
  static base::Result<port::Ports> open(const port::VethPair::End& end, const std::string& backend,
                                        port::PortConfig config) {
    config.where = end.link.name;
    config.xdp.copy = port::XdpCopy::copy;  // veth has no zero-copy
    base::Result<port::Ports> ports = base::Error{};
    const base::Status status = end.space.run([&]() -> base::Status {
      ports = port::open_ports(backend, config);
      return {};
    });
    return status ? std::move(ports) : base::Result<port::Ports>(status.error());
  }

  // A veth takes redirected frames only where an XDP program hangs: one that passes them all.
  base::Status let_redirected_in() {
    const port::VethPair::End& end = pair_.right();
    return end.space.run([&]() -> base::Status {
      auto program = port::XdpProgram::attach(end.link.index, 1, port::XdpMode::native, false);
      if (!program) {
        return program.error();
      }
      passing_ = std::move(program).value();
      return {};
    });
  }

  port::VethPair pair_;
  port::XdpProgram passing_;
  std::string generator_backend_;
  std::string device_backend_;
};

}  // namespace

base::Result<std::unique_ptr<LiveWorld>> make_veth_world(const Plan& plan, const LiveSetup& setup) {
  auto pair = port::VethPair::create("rb", kGeneratorMac, plan.device.address.mac.bytes,
                                     plan.sim.nic.queues, setup.mtu);
  if (!pair) {
    return pair.error();
  }
  return std::unique_ptr<LiveWorld>(std::make_unique<VethWorld>(std::move(pair).value(), setup));
}

}  // namespace ringbed::engine
