// Dissector of the Linux cooked header, version 1.
#include "wire/linux_sll.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_linux_sll(Walk& walk) noexcept {
  const auto parsed = LinuxSllView::parse(walk.rest());
  if (!walk.open(parsed, LinuxSll::kHeaderBytes)) {
    return;
  }
  walk.layer(LinuxSll::kHeaderBytes);
  const Key key =
      cooked::has_ethertype(parsed->arphrd_type()) ? ethertype_key(parsed->protocol()) : Key{};
  walk.next(key, LinuxSll::kHeaderBytes, parsed->payload_extent());
}

}  // namespace ringbed::wire
