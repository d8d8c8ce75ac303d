// Dissector of IPv4: judges checksum, options, TTL and source, and tells the transport whether it
// can be judged (not in a fragment; before segmentation offload not its checksum).
#include "wire/ipv4.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

ByteView route_end(const Ipv4View& packet) noexcept {
  constexpr std::uint8_t kLoose = 131;
  constexpr std::uint8_t kStrict = 137;
  OptionWalker options(packet.options());
  while (const auto option = options.next()) {
    if (option->kind != kLoose && option->kind != kStrict) {
      continue;
    }
    // | kind | length | pointer, from 1 at the kind | addresses … |
    const ByteView route = option->data;
    if (route.size() >= 5 && std::size_t{route[0]} <= route.size() + 2) {
      return route.last(4);
    }
  }
  return {};
}

void dissect_ipv4(Walk& walk) noexcept {
  const auto parsed = Ipv4View::parse_captured(walk.rest());
  if (!walk.open(parsed, Ipv4::kHeaderBytes)) {
    return;
  }
  const Ipv4View& packet = *parsed;
  const bool sound = packet.checksum_ok();
  walk.layer(packet.header_bytes(), sound ? Checksum::good : Checksum::bad);
  if (packet.length_presumed()) {
    walk.presume_length();
  }
  if (!sound) {
    walk.fault(Reason::ip_checksum, Ipv4::kChecksum);
  }
  if (packet.ttl() == 0) {
    walk.fault(Reason::ip_ttl_zero, Ipv4::kTtl);
  }
  if (packet.src().is_multicast() || packet.src().is_broadcast()) {
    walk.fault(Reason::ip_source_invalid, Ipv4::kSrc);
  }
  OptionWalker options(packet.options());
  while (options.next()) {
  }
  if (options.malformed()) {
    walk.fault(Reason::ip_options, Ipv4::kHeaderBytes + options.offset());
  }
  const ByteView addresses = packet.header().subspan(Ipv4::kSrc, 8);
  walk.enter_network(Key::Space::ipv4, sum(addresses.first(4)), sum(addresses.last(4)));
  if (const ByteView end = route_end(packet); !end.empty()) {
    walk.destined_for(sum(end));
  }
  if (packet.is_fragment()) {
    walk.leave_unjudged();
  }
  const Key key = packet.fragment_offset() == 0 ? Key{Key::Space::ipv4, packet.protocol()} : Key{};
  walk.next(key, packet.header_bytes(), packet.payload_extent());
}

}  // namespace ringbed::wire
