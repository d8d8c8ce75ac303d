// Dissector of the Linux cooked header, version 2.
#include "wire/linux_sll2.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

void dissect_linux_sll2(Walk& walk) noexcept {
  const auto parsed = LinuxSll2View::parse(walk.rest());
  if (!walk.open(parsed, LinuxSll2::kHeaderBytes)) {
    return;
  }
  walk.layer(LinuxSll2::kHeaderBytes);
  const Key key =
      cooked::has_ethertype(parsed->arphrd_type()) ? ethertype_key(parsed->protocol()) : Key{};
  walk.next(key, LinuxSll2::kHeaderBytes, parsed->payload_extent());
}

}  // namespace ringbed::wire
