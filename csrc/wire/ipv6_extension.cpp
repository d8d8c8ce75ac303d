// Walks IPv6 extension headers: for the device (find_transport) and for the dissector, which shows
// each as a layer of its own.
#include "wire/ipv6_extension.hpp"

#include "wire/walk.hpp"

namespace ringbed::wire {

namespace {

constexpr std::size_t kAddress = 16;

// Where a routing header leads to.
void follow_routing(ByteView header, Ipv6Route& route) noexcept {
  constexpr std::uint8_t kSource = 0;       // RFC 2460 section 4.4, deprecated by RFC 5095
  constexpr std::uint8_t kHomeAddress = 2;  // RFC 6275 section 6.4
  constexpr std::uint8_t kSegments = 4;     // RFC 8754: in reverse order
  const std::uint8_t type = header[2];
  const std::uint8_t segments_left = header[3];
  if (segments_left == 0) {
    return;
  }
  const ByteView addresses = header.subspan(Ipv6Extension::kMinBytes);
  if (addresses.size() < kAddress) {
    route.unknown = true;
  } else if (type == kSegments) {
    route.destination = addresses.first(kAddress);
  } else if (type == kSource || type == kHomeAddress) {
    route.destination = addresses.first(addresses.size() / kAddress * kAddress).last(kAddress);
  } else {
    route.unknown = true;
  }
}

}  // namespace

void Ipv6Route::follow(std::uint8_t protocol, ByteView header) noexcept {
  constexpr std::uint8_t kHomeAddress = 0xc9;
  if (protocol == ip_protocol::kRouting) {
    follow_routing(header, *this);
  } else if (protocol == ip_protocol::kDestination) {
    if (const ByteView home = find_option(header, kHomeAddress); home.size() == kAddress) {
      source = home;
    }
  }
}

ByteView find_option(ByteView header, std::uint8_t kind) noexcept {
  for (std::size_t at = 2; at + 2 <= header.size();) {
    if (header[at] == 0) {
      ++at;
      continue;
    }
    const std::size_t length = header[at + 1];
    if (header.size() - at - 2 < length) {
      break;
    }
    if (header[at] == kind) {
      return header.subspan(at + 2, length);
    }
    at += 2 + length;
  }
  return {};
}

Ipv6Transport find_transport(const Ipv6View& packet) noexcept {
  Ipv6Transport found;
  found.protocol = packet.next_header();
  found.payload = packet.payload_extent();
  for (std::size_t count = 0; found.first && is_ipv6_extension(found.protocol); ++count) {
    if (count == Ipv6Extension::kMaxChain) {
      found.reason = Reason::ipv6_extension_limit;
      return found;
    }
    const auto parsed = Ipv6ExtensionView::parse(found.protocol, found.payload);
    if (!parsed.ok()) {
      found.reason = parsed.reason();
      return found;
    }
    if (found.protocol == ip_protocol::kHopByHop && count > 0) {
      found.reason = Reason::ipv6_extension;
      return found;
    }
    if (found.protocol == ip_protocol::kFragment && parsed->is_fragment()) {
      found.fragment = true;
      found.first = parsed->fragment_offset() == 0;
    }
    found.route.follow(found.protocol, parsed->header());
    found.protocol = parsed->next_header();
    found.payload = parsed->payload_extent();
  }
  return found;
}

namespace {

// Hop-by-hop and destination options have their own grammar: Pad1 (0) is one byte, all others
// are kind, length of the data, data (RFC 8200 section 4.2). Returns the offset of the fault, or
// 0 when there is none (0 is the next header field).
std::size_t faulty_option(ByteView header) noexcept {
  std::size_t at = 2;
  while (at < header.size()) {
    if (header[at] == 0) {
      ++at;
      continue;
    }
    if (header.size() - at < 2 || header.size() - at - 2 < header[at + 1]) {
      return at;
    }
    at += 2U + header[at + 1];
  }
  return 0;
}

void dissect_extension(Walk& walk, std::uint8_t protocol) noexcept {
  if (!walk.enter_extension(Ipv6Extension::kMaxChain)) {
    walk.refuse(Reason::ipv6_extension_limit);
    return;
  }
  const auto parsed = Ipv6ExtensionView::parse(protocol, walk.rest());
  if (!walk.open(parsed, Ipv6Extension::kMinBytes)) {
    return;
  }
  const Ipv6ExtensionView& extension = *parsed;
  walk.layer(extension.header_bytes());
  if (protocol == ip_protocol::kHopByHop && walk.extensions() > 1) {
    walk.fault(Reason::ipv6_extension, 0);  // only right behind the IPv6 header
  }
  if (protocol == ip_protocol::kHopByHop || protocol == ip_protocol::kDestination) {
    if (const std::size_t at = faulty_option(extension.header()); at != 0) {
      walk.fault(Reason::ipv6_extension, at);
    }
  }
  Ipv6Route route;
  route.follow(protocol, extension.header());
  if (!route.source.empty()) {
    walk.sourced_from(sum(route.source));
  }
  if (!route.destination.empty()) {
    walk.destined_for(sum(route.destination));
  }
  if (route.unknown) {
    walk.destination_unknown();
  }
  Key key{walk.network(), extension.next_header()};
  if (protocol == ip_protocol::kFragment && extension.is_fragment()) {
    walk.leave_unjudged();
    if (extension.fragment_offset() != 0) {
      key = {};
    }
  }
  walk.next(key, extension.header_bytes(), extension.payload_extent());
}

}  // namespace

void dissect_hop_by_hop(Walk& walk) noexcept { dissect_extension(walk, ip_protocol::kHopByHop); }
void dissect_routing(Walk& walk) noexcept { dissect_extension(walk, ip_protocol::kRouting); }
void dissect_fragment(Walk& walk) noexcept { dissect_extension(walk, ip_protocol::kFragment); }
void dissect_auth(Walk& walk) noexcept { dissect_extension(walk, ip_protocol::kAuth); }
void dissect_destination(Walk& walk) noexcept {
  dissect_extension(walk, ip_protocol::kDestination);
}

}  // namespace ringbed::wire
