// Dissector of ARP. What follows the 28 bytes is link padding, never payload.
#include "wire/arp.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_arp(Walk& walk) noexcept {
  const auto parsed = ArpView::parse(walk.rest());
  if (!walk.open(parsed, Arp::kFixedBytes)) {
    return;
  }
  walk.layer(Arp::kHeaderBytes);
  walk.next({}, Arp::kHeaderBytes, Extent{});  // what follows is padding
}

}  // namespace ringbed::wire
