// Dissector of UDP: the zero-checksum rule differs by family (RFC 768; RFC 8200 section 8.1).
#include "wire/udp.hpp"

#include "wire/ipv4.hpp"
#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_udp(Walk& walk) noexcept {
  const auto parsed = UdpView::parse(walk.rest());
  if (!walk.open(parsed, Udp::kHeaderBytes)) {
    return;
  }
  const UdpView& datagram = *parsed;
  Checksum checksum = datagram.judge(walk.pseudo(ip_protocol::kUdp, datagram.extent().on_wire));
  if (walk.checksum_unjudged() && checksum != Checksum::absent) {
    checksum = Checksum::unknown;
  }
  walk.layer(Udp::kHeaderBytes, checksum);
  if (checksum == Checksum::bad) {
    walk.fault(Reason::udp_checksum, Udp::kChecksum);
  }
  if (checksum == Checksum::absent && walk.network() == Key::Space::ipv6) {
    walk.fault(Reason::udp_checksum_zero, Udp::kChecksum);
  }
  walk.next({}, Udp::kHeaderBytes, datagram.payload_extent());
}

}  // namespace ringbed::wire
