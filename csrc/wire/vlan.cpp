// Dissector of VLAN tags. The stack is bounded: a sender chooses its depth, we choose our work.
#include "wire/vlan.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_vlan(Walk& walk) noexcept {
  if (walk.layers_of_this_protocol() == Vlan::kMaxDepth) {
    walk.refuse(Reason::vlan_depth);
    return;
  }
  const auto parsed = VlanView::parse(walk.rest());
  if (!walk.open(parsed, Vlan::kHeaderBytes)) {
    return;
  }
  walk.layer(Vlan::kHeaderBytes);
  walk.next(ethertype_key(parsed->type()), Vlan::kHeaderBytes, parsed->payload_extent());
}

}  // namespace ringbed::wire
