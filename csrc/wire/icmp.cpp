// Dissectors of ICMP and ICMPv6: one layout, and a pseudo-header for the second.
#include "wire/icmp.hpp"

#include "wire/ipv4.hpp"
#include "wire/walk.hpp"

namespace ringbed::wire {
namespace {

void dissect_message(Walk& walk, bool with_pseudo) noexcept {
  const auto parsed = IcmpView::parse(walk.rest());
  if (!walk.open(parsed, Icmp::kHeaderBytes)) {
    return;
  }
  const PartialSum pseudo =
      with_pseudo ? walk.pseudo(ip_protocol::kIcmpv6, walk.rest().on_wire) : PartialSum{};
  const Checksum checksum = walk.checksum_unjudged() ? Checksum::unknown : parsed->judge(pseudo);
  walk.layer(Icmp::kHeaderBytes, checksum);
  if (checksum == Checksum::bad) {
    walk.fault(Reason::icmp_checksum, Icmp::kChecksum);
  }
  walk.next({}, Icmp::kHeaderBytes, parsed->payload_extent());
}

}  // namespace

void dissect_icmp(Walk& walk) noexcept { dissect_message(walk, false); }
void dissect_icmpv6(Walk& walk) noexcept { dissect_message(walk, true); }

}  // namespace ringbed::wire
