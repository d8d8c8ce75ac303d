#include "engine/veth_world.hpp"

#include "port/veth.hpp"

namespace ringbed::engine {

namespace {

constexpr std::array<std::uint8_t, 6> kGeneratorMac{0x02, 0x72, 0x62, 0, 0, 1};

class VethWorld final : public LiveWorld {
 public:
  VethWorld(port::VethPair pair, std::string backend)
      : pair_(std::move(pair)), backend_(std::move(backend)) {}

  // The generator needs raw frames, whatever the device is given.
  base::Result<port::Ports> open_generator(const port::PortConfig& config) override {
    return open(pair_.left(), "xdp", config);
  }
  base::Result<port::Ports> open_device(const port::PortConfig& config) override {
    return open(pair_.right(), backend_, config);
  }
  base::Result<port::LinkInfo> generator_link() override {
    return port::link_in(pair_.left().space, pair_.left().link.name);
  }
  base::Result<port::LinkInfo> device_link() override {
    return port::link_in(pair_.right().space, pair_.right().link.name);
  }
  base::Status at_device(const std::function<base::Status()>& work) override {
    return pair_.right().space.run(work);
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

  port::VethPair pair_;
  std::string backend_;
};

}  // namespace

base::Result<std::unique_ptr<LiveWorld>> make_veth_world(const Plan& plan, const LiveSetup& setup) {
  auto pair = port::VethPair::create("rb", kGeneratorMac, plan.device.address.mac.bytes,
                                     plan.sim.nic.queues, setup.mtu);
  if (!pair) {
    return pair.error();
  }
  return std::unique_ptr<LiveWorld>(
      std::make_unique<VethWorld>(std::move(pair).value(), setup.device_backend));
}

}  // namespace ringbed::engine
