// What the kernel's own stack needs before sockets can take part in a world, and what it counts.
// A world's namespaces are empty: an interface gets addresses, a route, neighbours that are known
// beforehand (nothing asks by ARP, so no frame is on the wire that nobody of the run has sent) and
// checksums that are whole (over a veth pair the kernel leaves them out: an XDP program at the
// other end would see them unfinished).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/reasons.hpp"
#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/net_address.hpp"
#include "port/netlink.hpp"

namespace ringbed::port {

struct Neighbour {
  NetAddress address;
  std::array<std::uint8_t, 6> mac{};
};

struct HostAddresses {
  std::vector<NetAddress> own;
  std::vector<Neighbour> neighbours;
};

// For an interface that is up, in the calling thread's namespace. Everything not its own is
// reached through it, without a router. Error: unavailable (privilege).
[[nodiscard]] base::Status prepare_stack(const LinkInfo& link, const HostAddresses& addresses);

// For an interface that is not ringbed's own: what prepare_stack() would give must be there, and
// nothing is changed. Error: unavailable, with the command that gives it.
[[nodiscard]] base::Status check_stack(const LinkInfo& link, const HostAddresses& addresses);

// Has the interface put datagrams of a flow together (GRO), which a veth does not do by itself: a
// socket can only get rows of those. Error: unavailable (privilege).
[[nodiscard]] base::Status receive_in_rows(const std::string& interface);

// What the stack of one namespace dropped, IPv4 and IPv6, by the reason that fits. Made in that
// namespace; may be read from any thread afterwards.
class StackCounters {
 public:
  using Drops = std::array<std::uint64_t, base::kReasonCount>;

  // Error: unavailable (no /proc).
  [[nodiscard]] static base::Result<StackCounters> open();
  // Since the namespace was made (RFC 4293, RFC 4113: the counters of /proc/net/snmp and snmp6).
  // Error: io.
  [[nodiscard]] base::Result<Drops> read() const;

 private:
  StackCounters(FileDescriptor v4, FileDescriptor v6) noexcept
      : v4_(std::move(v4)), v6_(std::move(v6)) {}

  FileDescriptor v4_;
  FileDescriptor v6_;  // invalid: a kernel without IPv6
};

}  // namespace ringbed::port
