#include "engine/datagram_ends.hpp"

#include <algorithm>
#include <bit>

#include "port/datagram.hpp"

namespace ringbed::engine {

namespace {

constexpr std::uint32_t kMostSourcePorts = 1024;
constexpr std::uint32_t kMostSourceAddresses = 4096;  // that the other end knows as neighbours
constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kFirstPort = 1024;  // of a stream that names none

port::NetAddress address_of(const device::IpAddress& ip) noexcept {
  return port::NetAddress::from(ip.view());
}
port::NetAddress address_of(const gen::EndpointSpec& end) noexcept {
  return port::NetAddress::from(end.ip);
}
std::uint32_t first_port(const gen::StreamSpec& stream) noexcept {
  return stream.from.port == 0 ? kFirstPort : stream.from.port;
}
// Flows take the ports from the first one up, then the next address.
std::uint32_t ports(const gen::StreamSpec& stream) noexcept {
  return std::min(stream.flows, 65536U - first_port(stream));
}
std::uint32_t addresses(const gen::StreamSpec& stream) noexcept {
  const std::uint32_t wanted = (stream.flows - 1) / (65536U - first_port(stream)) + 1;
  return std::min(wanted, kMostSourceAddresses);
}

template <typename T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) {
    list.push_back(item);
  }
}

// What of a stream no datagram of the device's family (`bytes` of an address) can carry; empty:
// nothing.
std::string obstacle(const gen::StreamSpec& stream, std::size_t bytes) {
  if (stream.kind != gen::StreamSpec::Kind::udp) {
    return "is not a UDP stream";
  }
  if (stream.from.ip.size() != bytes || stream.to.ip.size() != bytes) {
    return bytes == 4 ? "is not IPv4, as the device is" : "is not IPv6, as the device is";
  }
  return stream.vlans.empty() ? "" : "has VLAN tags";
}

}  // namespace

base::Status check_datagrams(const Plan& plan, const std::string& key, const std::string& backend) {
  std::string others;
  for (const port::Backend& row : port::backends()) {
    if (row.on_interface && !row.datagrams_only) {
      others += (others.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  const auto refuse = [&](const std::string& what) {
    return base::Error{base::ErrorCode::invalid,
                       key + " '" + backend + "' carries UDP alone, over IPv4 or IPv6: " + what,
                       "use one of: " + others};
  };
  if (plan.device.protocol != kUdp) {
    return refuse("device.protocol is tcp");
  }
  const std::size_t family = plan.device.target.ip.length;
  const auto same = [family](const device::IpAddress& ip) {
    return ip.is_none() || ip.length == family;
  };
  if (!same(plan.device.address.ip) || !same(plan.device.respond_to.ip)) {
    return refuse("device.target, device.address and device.respondTo are not all of one family");
  }
  std::uint64_t source_ports = 0;
  for (const gen::StreamSpec& stream : plan.traffic) {
    if (const std::string found = obstacle(stream, family); !found.empty()) {
      return refuse("stream '" + stream.name + "' " + found);
    }
    for (std::uint32_t i = 0; i < addresses(stream); ++i) {
      const port::NetAddress source = address_of(stream.from).after(i);
      if (source == address_of(plan.device.address.ip) ||
          source == address_of(plan.device.target.ip)) {
        return base::Error{base::ErrorCode::invalid,
                           "stream '" + stream.name + "' comes from the device's own address" +
                               (i == 0 ? "" : " (its flows count up to it)") + ", and " + key +
                               " '" + backend +
                               "' goes through the kernel, which believes no such frame",
                           "give it another `from`, or use one of: " + others};
      }
    }
    source_ports += ports(stream);
    const bool moves = std::any_of(stream.fields.begin(), stream.fields.end(),
                                   [](const auto& f) { return f.field == "udp.srcPort"; });
    if (key == "generator.engine" && (moves || source_ports > kMostSourcePorts)) {
      return base::Error{base::ErrorCode::invalid,
                         key + " '" + backend + "' has a socket for each source port, " +
                             std::to_string(kMostSourcePorts) + " at most; stream '" + stream.name +
                             "' wants more",
                         "lower its flows, or use one of: " + others};
    }
  }
  return {};
}

port::SocketOptions device_sockets(const Plan& plan) {
  port::SocketOptions sockets;
  sockets.tuning = plan.socket;
  sockets.v6 = plan.device.target.ip.is_v6();
  sockets.receive = {{address_of(plan.device.target.ip), plan.device.target.port}};
  return sockets;
}

port::SocketOptions generator_sockets(const Plan& plan) {
  port::SocketOptions sockets;
  sockets.tuning = plan.generator.socket;
  sockets.v6 = plan.device.target.ip.is_v6();
  const device::Endpoint& home = plan.device.respond_to;
  const bool to_source = home.ip.is_none() || home.port == 0;
  if (!to_source) {
    sockets.receive.push_back({address_of(home.ip), home.port});
  }
  for (const gen::StreamSpec& stream : plan.traffic) {
    for (std::uint32_t i = 0; i < ports(stream); ++i) {
      add_once(sockets.send_from, static_cast<std::uint16_t>(first_port(stream) + i));
    }
  }
  if (to_source) {
    for (const std::uint16_t port : sockets.send_from) {
      sockets.receive.push_back({port::NetAddress::any(sockets.v6), port});
    }
  }
  return sockets;
}

std::uint32_t receiving_span(const port::SocketOptions& sockets) noexcept {
  std::uint32_t first = UINT16_MAX;
  std::uint32_t last = 0;
  for (const port::SocketAddress& local : sockets.receive) {
    first = std::min<std::uint32_t>(first, local.port);
    last = std::max<std::uint32_t>(last, local.port);
  }
  return std::bit_ceil(last < first ? 1U : last - first + 1);
}

port::HostAddresses device_addresses(const Plan& plan, const std::array<std::uint8_t, 6>& peer) {
  port::HostAddresses host;
  host.own.push_back(address_of(plan.device.address.ip));
  if (!plan.device.target.ip.is_multicast()) {
    add_once(host.own, address_of(plan.device.target.ip));
  }
  std::vector<port::NetAddress> others;
  if (!plan.device.respond_to.ip.is_none() && !plan.device.respond_to.ip.is_multicast()) {
    others.push_back(address_of(plan.device.respond_to.ip));
  }
  for (const gen::StreamSpec& stream : plan.traffic) {
    for (std::uint32_t i = 0; i < addresses(stream); ++i) {
      add_once(others, address_of(stream.from).after(i));
    }
  }
  for (const port::NetAddress& address : others) {
    host.neighbours.push_back({address, peer});
  }
  return host;
}

port::HostAddresses generator_addresses(const Plan& plan) {
  port::HostAddresses host;
  if (!plan.device.respond_to.ip.is_none() && !plan.device.respond_to.ip.is_multicast()) {
    host.own.push_back(address_of(plan.device.respond_to.ip));
  }
  for (const gen::StreamSpec& stream : plan.traffic) {
    for (std::uint32_t i = 0; i < addresses(stream); ++i) {
      add_once(host.own, address_of(stream.from).after(i));
    }
    if (!address_of(stream.to).is_group()) {
      host.neighbours.push_back({address_of(stream.to), stream.to.mac.bytes});
    }
  }
  return host;
}

bool deliverable(const Plan& plan, base::ByteView frame) noexcept {
  port::Datagram datagram;
  if (!port::read_datagram(frame, datagram)) {
    return false;
  }
  const device::Endpoint& target = plan.device.target;
  const bool mac_is_ours =
      (frame[0] & 1U) != 0 ||
      std::equal(frame.begin(), frame.begin() + 6, plan.device.address.mac.bytes.begin());
  return mac_is_ours && datagram.destination == address_of(target.ip) &&
         datagram.destination_port == target.port;
}

}  // namespace ringbed::engine
