// Dissector of the fixed IPv6 header; the chain behind it is walked by ipv6_extension.cpp.
#include "wire/ipv6.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_ipv6(Walk& walk) noexcept {
  const auto parsed = Ipv6View::parse_captured(walk.rest());
  if (!walk.open(parsed, Ipv6::kHeaderBytes)) {
    return;
  }
  const Ipv6View& packet = *parsed;
  walk.layer(Ipv6::kHeaderBytes);
  if (packet.length_presumed()) {
    walk.presume_length();
  }
  if (packet.hop_limit() == 0) {
    walk.fault(Reason::ip_ttl_zero, Ipv6::kHopLimit);
  }
  // A jumbo payload option is for what the field cannot tell, and for nothing else.
  if (const std::uint32_t jumbo = packet.jumbo_length();
      jumbo != 0 && (packet.payload_length() != 0 || jumbo <= 0xffff)) {
    walk.fault(Reason::ipv6_payload_length, Ipv6::kPayloadLength);
  }
  if (packet.src().is_multicast()) {
    walk.fault(Reason::ip_source_invalid, Ipv6::kSrc);
  }
  walk.enter_network(Key::Space::ipv6, sum(packet.src().bytes), sum(packet.dst().bytes));
  walk.next({Key::Space::ipv6, packet.next_header()}, Ipv6::kHeaderBytes, packet.payload_extent());
}

}  // namespace ringbed::wire
