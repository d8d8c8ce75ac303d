#include "engine/live_nic_world.hpp"

#include <algorithm>

#include "port/netns.hpp"
#include "port/veth.hpp"

namespace ringbed::engine {

namespace {

class NicWorld final : public LiveWorld {
 public:
  NicWorld(port::NetworkNamespace space, std::vector<std::string> interfaces, std::string backend)
      : space_(std::move(space)),
        interfaces_(std::move(interfaces)),
        backend_(std::move(backend)) {}

  base::Result<port::Ports> open_generator(const port::PortConfig& config) override {
    return interfaces_.size() < 2 ? port::Ports{} : open(interfaces_.front(), "xdp", config);
  }
  base::Result<port::Ports> open_device(const port::PortConfig& config) override {
    return open(interfaces_.back(), backend_, config);
  }
  base::Result<port::LinkInfo> generator_link() override {
    return port::link_in(space_, interfaces_.front());
  }
  base::Result<port::LinkInfo> device_link() override {
    return port::link_in(space_, interfaces_.back());
  }
  base::Status at_device(const std::function<base::Status()>& work) override { return work(); }
  bool closed() const noexcept override { return false; }

 private:
  static base::Result<port::Ports> open(const std::string& interface, const std::string& backend,
                                        port::PortConfig config) {
    config.where = interface;
    return port::open_ports(backend, config);
  }

  port::NetworkNamespace space_;
  std::vector<std::string> interfaces_;
  std::string backend_;
};

base::Status check(const port::LinkInfo& link, const std::vector<std::uint32_t>& default_routes,
                   const std::vector<std::string>& allowed, const LiveSetup& setup) {
  const std::string name = "interface " + link.name;
  const std::string allow =
      "if you mean it, say --allow-interface " + link.name + " (it will carry nothing else)";
  if (link.mtu < setup.mtu) {
    return base::Error{base::ErrorCode::unavailable,
                       name + " has an MTU of " + std::to_string(link.mtu) +
                           ", the scenario needs " + std::to_string(setup.mtu),
                       "ip link set dev " + link.name + " mtu " + std::to_string(setup.mtu)};
  }
  if (std::find(allowed.begin(), allowed.end(), link.name) != allowed.end()) {
    return {};
  }
  if (!link.up()) {
    return base::Error{base::ErrorCode::invalid, name + " is down",
                       "ip link set dev " + link.name + " up; or " + allow};
  }
  if (!link.running()) {
    return base::Error{base::ErrorCode::invalid, name + " has no carrier",
                       "plug the cable in, or set its other end up; or " + allow};
  }
  if (std::find(default_routes.begin(), default_routes.end(), link.index) != default_routes.end()) {
    return base::Error{base::ErrorCode::invalid,
                       name + " carries a default route: a run on it would cut this machine off",
                       "name an interface that nothing else uses; " + allow};
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<LiveWorld>> make_nic_world(const Plan& plan, const LiveSetup& setup) {
  if (plan.interfaces.empty() || plan.interfaces.size() > 2) {
    return base::Error{base::ErrorCode::invalid, "world nic takes one or two interfaces",
                       "--on nic:IF or --on nic:IF,IF"};
  }
  if (plan.interfaces.front() == plan.interfaces.back() && plan.interfaces.size() == 2) {
    return base::Error{base::ErrorCode::invalid,
                       "the same interface twice: " + plan.interfaces.front(),
                       "name one interface, or two different ones"};
  }
  auto netlink = port::Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  auto default_routes = netlink.value().default_routes();
  if (!default_routes) {
    return default_routes.error();
  }
  for (const std::string& name : plan.interfaces) {
    auto link = netlink.value().link(name);
    if (!link) {
      return link.error();
    }
    if (base::Status status =
            check(link.value(), default_routes.value(), plan.allowed_interfaces, setup);
        !status) {
      return status.error();
    }
  }
  auto space = port::NetworkNamespace::current();
  if (!space) {
    return space.error();
  }
  return std::unique_ptr<LiveWorld>(
      std::make_unique<NicWorld>(std::move(space).value(), plan.interfaces, setup.device_backend));
}

}  // namespace ringbed::engine
