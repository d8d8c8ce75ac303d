// The little of rtnetlink (rtnetlink(7), rtnetlink request and answer over AF_NETLINK) that worlds
// need: make a veth pair, set links up and down, give addresses, read a link's facts and counters,
// ask for default routes. Works in the network namespace of the thread that opened it. Blocking,
// one thread, not for hot paths.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "port/netlink_socket.hpp"

namespace ringbed::port {

struct LinkInfo {
  std::string name;
  std::uint32_t index = 0;
  std::uint32_t flags = 0;  // IFF_*
  std::uint32_t mtu = 0;
  std::uint32_t tx_queues = 0;
  std::uint32_t rx_queues = 0;
  std::array<std::uint8_t, 6> mac{};
  std::uint32_t xdp_programs = 0;  // attached, in any mode
  std::uint64_t rx_packets = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_dropped = 0;
  std::uint64_t rx_errors = 0;
  std::uint64_t rx_otherhost = 0;  // for another MAC, refused by the stack (Linux 5.19)
  std::uint64_t rx_missed = 0;     // by the hardware: no descriptor
  std::uint64_t rx_over = 0;       // by the hardware: ring overrun
  std::uint64_t rx_nohandler = 0;  // nobody wanted them
  std::uint64_t tx_carrier = 0;    // the link was down
  std::uint64_t tx_errors = 0;
  std::uint32_t carrier_downs = 0;  // how often it lost its carrier, ever

  [[nodiscard]] bool up() const noexcept { return (flags & 1U) != 0; }
  [[nodiscard]] bool running() const noexcept { return (flags & 0x40U) != 0; }  // has a carrier
};

// One end of a veth pair.
struct VethEnd {
  std::string name;
  std::array<std::uint8_t, 6> mac{};
};

class Netlink {
 public:
  // Error: unavailable.
  [[nodiscard]] static base::Result<Netlink> open();

  // Makes `here` in this namespace and `there` in the one of `namespace_descriptor`, both with so
  // many receive and transmit queues, down, without IPv6 addresses of their own (no neighbour
  // discovery noise). Errors: unavailable (privilege, no veth driver), invalid.
  [[nodiscard]] base::Status create_veth(const VethEnd& here, const VethEnd& there,
                                         int namespace_descriptor, std::uint32_t queues,
                                         std::uint32_t mtu);
  // No link-local address from now on: without one the kernel sends no IPv6 of its own accord.
  // Before the interface is set up.
  [[nodiscard]] base::Status silence_ipv6(std::uint32_t index);
  // Asks nobody for a neighbour from now on; add_neighbour() says who is there.
  [[nodiscard]] base::Status silence_arp(std::uint32_t index);
  [[nodiscard]] base::Status set_up(std::uint32_t index, bool up);
  // `ip`: 4 or 16 bytes.
  [[nodiscard]] base::Status add_address(std::uint32_t index, base::ByteView ip,
                                         std::uint8_t prefix);
  // A permanent neighbour entry: who has `ip` need not be asked.
  [[nodiscard]] base::Status add_neighbour(std::uint32_t index, base::ByteView ip,
                                           const std::array<std::uint8_t, 6>& mac);
  // The MAC that the kernel knows `ip` by on an interface; nothing where it would have to ask.
  [[nodiscard]] base::Result<std::optional<std::array<std::uint8_t, 6>>> neighbour(
      std::uint32_t index, base::ByteView ip);
  // Whatever no other route is for lies behind this interface, groups too, without a router.
  [[nodiscard]] base::Status add_default_route(std::uint32_t index, bool v6 = false);
  [[nodiscard]] base::Status remove(std::uint32_t index);

  // Error: invalid when there is no such interface.
  [[nodiscard]] base::Result<LinkInfo> link(const std::string& name);
  [[nodiscard]] base::Result<std::vector<LinkInfo>> links();
  // Indices of the interfaces that carry a default route, IPv4 or IPv6.
  [[nodiscard]] base::Result<std::vector<std::uint32_t>> default_routes();

 private:
  explicit Netlink(NetlinkSocket socket) noexcept : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
};

// "02:00:00:00:00:01".
[[nodiscard]] std::string mac_text(const std::array<std::uint8_t, 6>& mac);

}  // namespace ringbed::port
