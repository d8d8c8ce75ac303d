#include "port/membership.hpp"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>

namespace ringbed::port {

base::Result<Membership> Membership::open(std::uint32_t interface) {
  Membership made;
  // Protocol 0: it never receives a frame.
  made.socket_ = FileDescriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!made.socket_) {
    return system_error(base::ErrorCode::unavailable, "cannot open a packet socket", errno,
                        "run as root, or give the program CAP_NET_RAW");
  }
  made.interface_ = interface;
  return made;
}

base::Status Membership::add_multicast(const Mac& group) {
  return add(PACKET_MR_MULTICAST, group, "join a multicast group");
}

base::Status Membership::add_unicast(const Mac& address) {
  return add(PACKET_MR_UNICAST, address, "take a further unicast address");
}

base::Status Membership::add_everything() {
  return add(PACKET_MR_PROMISC, {}, "make it promiscuous");
}

base::Status Membership::add(std::uint16_t type, std::span<const std::uint8_t> address,
                             const char* what) {
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(interface_);
  request.mr_type = type;
  request.mr_alen = static_cast<std::uint16_t>(address.size());
  std::copy(address.begin(), address.end(), std::begin(request.mr_address));
  if (setsockopt(socket_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0) {
    return system_error(base::ErrorCode::unavailable, std::string("the interface does not ") + what,
                        errno, "set nic.multicastFilter to promiscuous");
  }
  return {};
}

}  // namespace ringbed::port
