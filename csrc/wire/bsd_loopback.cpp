// Dissectors of the two BSD loopback headers, which differ in the byte order of their one field.
#include "wire/bsd_loopback.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {
namespace {

void dissect_loopback(Walk& walk, const FieldSpec& family) noexcept {
  const auto parsed = BsdLoopbackView::parse(walk.rest());
  if (!walk.open(parsed, BsdLoopback::kHeaderBytes)) {
    return;
  }
  walk.layer(BsdLoopback::kHeaderBytes);
  walk.next(ethertype_key(parsed->ethertype(family)), BsdLoopback::kHeaderBytes,
            parsed->payload_extent());
}

}  // namespace

void dissect_bsd_null(Walk& walk) noexcept { dissect_loopback(walk, BsdLoopback::kNullFields[0]); }
void dissect_bsd_loop(Walk& walk) noexcept { dissect_loopback(walk, BsdLoopback::kLoopFields[0]); }

}  // namespace ringbed::wire
