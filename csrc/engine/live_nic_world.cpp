#include "engine/live_nic_world.hpp"

#include <algorithm>

#include "engine/datagram_ends.hpp"
#include "port/ethtool.hpp"
#include "port/membership.hpp"
#include "port/netns.hpp"
#include "port/nic_info.hpp"
#include "port/nic_settings.hpp"

namespace ringbed::engine {

namespace {

class NicWorld final : public LiveWorld {
 public:
  NicWorld(std::vector<std::string> interfaces, const Plan& plan, const LiveSetup& setup)
      : interfaces_(std::move(interfaces)),
        generator_backend_(setup.generator_backend),
        device_backend_(setup.device_backend),
        generator_sockets_(generator_sockets(plan)),
        device_sockets_(device_sockets(plan)),
        address_(plan.device.address.mac),
        promiscuous_(plan.sim.nic.filter == sim::NicConfig::MulticastFilter::promiscuous) {
    device_sockets_.own_mac = generator_sockets_.peer_mac = plan.device.address.mac.bytes;
  }

  // Makes the interfaces as the scenario wants them, until the world ends.
  [[nodiscard]] base::Status prepare(const Plan& plan, const LiveSetup& setup) {
    notes_ = port::NicSettings::restore_left_behind(setup.state_folder);
    for (const std::string& interface : interfaces_) {
      port::NicWish wish;
      wish.queues = plan.sim.nic.queues;
      wish.stamps = plan.hardware_stamps != port::Choice::off;
      if (interface == interfaces_.back()) {
        wish.rx_descriptors = plan.sim.nic.rx_descriptors;
        wish.tx_descriptors = plan.sim.nic.tx_descriptors;
        wish.coalesce_usecs =
            static_cast<std::uint32_t>(plan.sim.nic.coalesce / sim::kPsPerNs / 1'000);
        wish.coalesce_frames = plan.sim.nic.coalesce_frames;
      }
      auto settings = port::NicSettings::apply(interface, wish, setup.state_folder);
      if (!settings) {
        return settings.error();
      }
      const auto& told = settings.value().notes();
      notes_.insert(notes_.end(), told.begin(), told.end());
      settings_.push_back(std::move(settings).value());
    }
    tell_of_generic_mode();
    on_veth_ = driver_of(interfaces_.back()) == "veth";
    if (base::Status status = listen_to(plan.sim.nic.joined); !status) {
      return status;
    }
    if (!setup.generator_datagrams || interfaces_.size() < 2) {
      return {};
    }
    auto near = generator_link();
    if (!near) {
      return near.error();
    }
    generator_sockets_.own_mac = near.value().mac;
    return port::check_stack(near.value(), generator_addresses(plan));
  }

  base::Status listen_to(std::span<const wire::MacAddress> groups) override {
    auto link = device_link();
    if (!link) {
      return link.error();
    }
    auto membership = port::Membership::open(link.value().index);
    if (!membership) {
      return membership.error();
    }
    base::Status status;
    if (promiscuous_) {
      status = membership.value().add_everything();
    } else if (address_.bytes != link.value().mac && !address_.is_group()) {
      status = membership.value().add_unicast(address_.bytes);
    }
    for (std::size_t i = 0; status && i < groups.size(); ++i) {
      status = membership.value().add_multicast(groups[i].bytes);
    }
    if (status) {
      membership_ = std::move(membership).value();
    }
    return status;
  }
  std::vector<KernelCounter> losses() override {
    std::vector<KernelCounter> counters;
    for (const std::string& interface : interfaces_) {
      add_losses(interface, counters);
    }
    return counters;
  }
  std::vector<std::uint64_t> frames_by_queue() override {
    return port::frames_by_queue(interfaces_.back());
  }
  std::vector<std::string> notes() const override { return notes_; }

  base::Result<port::Ports> open_generator(const port::PortConfig& config) override {
    port::PortConfig with_sockets = config;
    with_sockets.socket = generator_sockets_;
    return interfaces_.size() < 2 ? port::Ports{}
                                  : open(interfaces_.front(), generator_backend_, with_sockets);
  }
  base::Result<port::Ports> open_device(const port::PortConfig& config) override {
    port::PortConfig with_sockets = config;
    with_sockets.socket = device_sockets_;
    // Live frames leave by other queues of the NIC than the socket's, and could overtake them.
    if (with_sockets.xdp.live_frames == port::Choice::automatic) {
      with_sockets.xdp.live_frames = port::Choice::off;
    }
    return open(interfaces_.back(), device_backend_, with_sockets);
  }
  base::Result<port::LinkInfo> generator_link() override { return link(interfaces_.front()); }
  base::Result<port::LinkInfo> device_link() override { return link(interfaces_.back()); }
  base::Result<std::vector<KernelPlace>> places() override {
    auto here = port::NetworkNamespace::current();
    if (!here) {
      return here.error();
    }
    auto inode = here.value().inode();
    if (!inode) {
      return inode.error();
    }
    std::vector<KernelPlace> places;
    for (const std::string& interface : interfaces_) {
      auto found = link(interface);
      if (!found) {
        return found.error();
      }
      places.push_back({inode.value(), found.value().index});
    }
    return places;
  }
  base::Status at_generator(const std::function<base::Status()>& work) override { return work(); }
  base::Status at_device(const std::function<base::Status()>& work) override { return work(); }
  bool leaves_checksums() const noexcept override { return on_veth_; }
  bool closed() const noexcept override { return false; }

 private:
  void tell_of_generic_mode() {
    const auto features = port::xdp_features();
    const auto device = device_link();
    if (!features || !device) {
      return;  // the kernel does not tell
    }
    const auto found = features.value().find(device.value().index);
    if (found != features.value().end() && !found->second.native()) {
      notes_.push_back("the driver of " + interfaces_.back() +
                       " has no native XDP: frames come by the generic mode, through the kernel's "
                       "own buffers and several times slower (see `ringbed nic list`)");
    }
  }

  // The run's thread is in the namespace that ringbed was started in; to enter one, even one's own,
  // takes a privilege that this world does without.
  static base::Result<port::LinkInfo> link(const std::string& interface) {
    auto netlink = port::Netlink::open();
    return netlink ? netlink.value().link(interface)
                   : base::Result<port::LinkInfo>(netlink.error());
  }
  static std::string driver_of(const std::string& interface) {
    const auto ethtool = port::Ethtool::open(interface);
    const auto driver = ethtool ? ethtool.value().driver() : std::nullopt;
    return driver ? driver->name : std::string();
  }
  static base::Result<port::Ports> open(const std::string& interface, const std::string& backend,
                                        port::PortConfig config) {
    config.where = interface;
    return port::open_ports(backend, config);
  }

  std::vector<std::string> interfaces_;
  std::string generator_backend_;
  std::string device_backend_;
  port::SocketOptions generator_sockets_;
  port::SocketOptions device_sockets_;
  wire::MacAddress address_;
  bool promiscuous_;
  bool on_veth_ = false;
  std::vector<port::NicSettings> settings_;
  port::Membership membership_;
  std::vector<std::string> notes_;
};

base::Status check_allowed(const port::LinkInfo& link,
                           const std::vector<std::uint32_t>& default_routes,
                           const std::vector<std::string>& allowed) {
  const std::string name = "interface " + link.name;
  const std::string allow =
      "if you mean it, say --allow-interface " + link.name + " (it will carry nothing else)";
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
  return refuse_default_route(link, default_routes);
}

// What may not be used at all is said before what would have to be changed on it.
base::Status check(const port::LinkInfo& link, const std::vector<std::uint32_t>& default_routes,
                   const std::vector<std::string>& allowed, const LiveSetup& setup) {
  if (base::Status status = check_allowed(link, default_routes, allowed); !status) {
    return status;
  }
  if (link.mtu < setup.mtu) {
    return base::Error{base::ErrorCode::unavailable,
                       "interface " + link.name + " has an MTU of " + std::to_string(link.mtu) +
                           ", the scenario needs " + std::to_string(setup.mtu),
                       "ip link set dev " + link.name + " mtu " + std::to_string(setup.mtu)};
  }
  return {};
}

}  // namespace

base::Status refuse_default_route(const port::LinkInfo& link,
                                  const std::vector<std::uint32_t>& default_routes) {
  if (std::find(default_routes.begin(), default_routes.end(), link.index) == default_routes.end()) {
    return {};
  }
  return base::Error{
      base::ErrorCode::invalid,
      "interface " + link.name +
          " carries a default route: to take its frames would cut this machine off",
      "name an interface that nothing else uses; if you mean it, say --allow-interface " +
          link.name};
}

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
  if (setup.generator_datagrams && setup.device_datagrams && plan.interfaces.size() == 2) {
    return base::Error{base::ErrorCode::invalid,
                       "generator.engine '" + setup.generator_backend + "' and device.port '" +
                           setup.device_backend +
                           "' in world nic: both interfaces are this host's, and its stack would "
                           "hand the datagrams over without any wire",
                       "use xdp or packet at one of the ends, or --on veth"};
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
  auto world = std::make_unique<NicWorld>(plan.interfaces, plan, setup);
  if (base::Status status = world->prepare(plan, setup); !status) {
    return status.error();
  }
  return std::unique_ptr<LiveWorld>(std::move(world));
}

}  // namespace ringbed::engine
