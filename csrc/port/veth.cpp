#include "port/veth.hpp"

namespace ringbed::port {

base::Result<LinkInfo> link_in(const NetworkNamespace& space, const std::string& name) {
  LinkInfo info;
  base::Status status = space.run([&]() -> base::Status {
    auto netlink = Netlink::open();
    if (!netlink) {
      return netlink.error();
    }
    auto link = netlink.value().link(name);
    if (!link) {
      return link.error();
    }
    info = std::move(link).value();
    return {};
  });
  if (!status) {
    return status.error();
  }
  return info;
}

base::Result<VethPair> VethPair::create(const std::string& prefix,
                                        const std::array<std::uint8_t, 6>& left,
                                        const std::array<std::uint8_t, 6>& right,
                                        std::uint32_t queues, std::uint32_t mtu) {
  auto left_space = NetworkNamespace::create();
  if (!left_space) {
    return left_space.error();
  }
  auto right_space = NetworkNamespace::create();
  if (!right_space) {
    return right_space.error();
  }
  const std::string stem = prefix + std::to_string(getpid());
  const VethEnd here{stem + "a", left};
  const VethEnd there{stem + "b", right};
  base::Status status = left_space.value().run([&]() -> base::Status {
    auto netlink = Netlink::open();
    if (!netlink) {
      return netlink.error();
    }
    return netlink.value().create_veth(here, there, right_space.value().descriptor(), queues, mtu);
  });
  if (!status) {
    return status.error();
  }
  // Up on both sides, then look: flags and carrier are those of a finished link.
  const auto raise = [](const NetworkNamespace& space, const std::string& name) {
    return space.run([&]() -> base::Status {
      auto netlink = Netlink::open();
      if (!netlink) {
        return netlink.error();
      }
      auto link = netlink.value().link(name);
      if (!link) {
        return link.error();
      }
      base::Status done = netlink.value().silence_ipv6(link.value().index);
      return done ? netlink.value().set_up(link.value().index, true) : done;
    });
  };
  status = raise(left_space.value(), here.name);
  if (status) {
    status = raise(right_space.value(), there.name);
  }
  if (!status) {
    return status.error();
  }
  auto left_link = link_in(left_space.value(), here.name);
  if (!left_link) {
    return left_link.error();
  }
  auto right_link = link_in(right_space.value(), there.name);
  if (!right_link) {
    return right_link.error();
  }
  return VethPair({std::move(left_space).value(), std::move(left_link).value()},
                  {std::move(right_space).value(), std::move(right_link).value()});
}

base::Status VethPair::remove() {
  return left_.space.run([this]() -> base::Status {
    auto netlink = Netlink::open();
    return netlink ? netlink.value().remove(left_.link.index) : base::Status(netlink.error());
  });
}

}  // namespace ringbed::port
