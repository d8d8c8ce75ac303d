// Dissector of Ethernet: dispatches on the type field; an 802.3 length names no protocol.
#include "wire/ethernet.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_ethernet(Walk& walk) noexcept {
  const auto parsed = EthernetView::parse(walk.rest());
  if (!walk.open(parsed, Ethernet::kHeaderBytes)) {
    return;
  }
  walk.layer(Ethernet::kHeaderBytes);
  walk.next(ethertype_key(parsed->type()), Ethernet::kHeaderBytes, parsed->payload_extent());
}

}  // namespace ringbed::wire
