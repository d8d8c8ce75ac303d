// Dissector of IPv4: judges checksum, options, TTL and source, and tells the transport whether it
// can be judged (not in a fragment, nor before segmentation offload).
#include "wire/ipv4.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {
namespace {

// A totalLength of 0 on a TCP packet: the frame was captured before segmentation offload filled
// the length in, or is longer than the field can tell (BIG TCP).
bool is_unsegmented(const Parsed<Ipv4View>& parsed) noexcept {
  return parsed.reason() == Reason::ip_total_length && parsed.header().total_length() == 0 &&
         parsed.header().protocol() == ip_protocol::kTcp;
}

}  // namespace

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
  auto parsed = Ipv4View::parse(walk.rest());
  if (!parsed.ok() && is_unsegmented(parsed)) {
    parsed = Ipv4View::parse_unsegmented(walk.rest());
    walk.leave_unjudged();
  }
  if (!walk.open(parsed, Ipv4::kHeaderBytes)) {
    return;
  }
  const Ipv4View& packet = *parsed;
  const bool sound = packet.checksum_ok();
  walk.layer(packet.header_bytes(), sound ? Checksum::good : Checksum::bad);
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
