// IPv6 extension headers (RFC 8200 section 4) and the authentication header (RFC 4302), which
// also follows IPv4. Each tells the next one's protocol and its own length; a chain is walked to
// a limit, since every header in it costs the receiver work that the sender chose.
//
//   hop-by-hop, destination  | next | (length-8)/8 | options …            |
//   routing                  | next | (length-8)/8 | type | left | data … |
//   fragment                 | next | reserved | offset 13, 0, m | ident 32 |
//   authentication           | next | length/4 - 2 | reserved 16 | spi | seq | icv … |
#pragma once

#include "wire/ipv6.hpp"

namespace ringbed::wire {

struct Ipv6Extension {
  static constexpr std::size_t kNextHeader = 0;
  static constexpr std::size_t kLength = 1;
  static constexpr std::size_t kFragmentOffset = 2;
  static constexpr std::size_t kMinBytes = 8;
  static constexpr std::size_t kMaxChain = 8;  // more are refused: ipv6_extension_limit

  static constexpr FieldSpec kOptionsFields[] = {
      {"nextHeader", 0, 8, FieldType::uint, true, "what follows"},
      {"length", 8, 8, FieldType::uint, true, "8-byte units behind the first"},
      {"options", 16, 0, FieldType::bytes, false, "option bytes"},
  };
  static constexpr FieldSpec kRoutingFields[] = {
      {"nextHeader", 0, 8, FieldType::uint, true, "what follows"},
      {"length", 8, 8, FieldType::uint, true, "8-byte units behind the first"},
      {"type", 16, 8, FieldType::uint, true, "routing type"},
      {"segmentsLeft", 24, 8, FieldType::uint, true, "nodes still to be visited"},
      {"data", 32, 0, FieldType::bytes, false, "data of the routing type"},
  };
  static constexpr FieldSpec kFragmentFields[] = {
      {"nextHeader", 0, 8, FieldType::uint, true, "what follows"},
      {"fragmentOffset", 16, 13, FieldType::uint, true, "bytes before this fragment", 8},
      {"mf", 31, 1, FieldType::boolean, true, "more fragments follow"},
      {"identification", 32, 32, FieldType::uint, true, "groups the fragments of a packet"},
  };
  static constexpr FieldSpec kAuthFields[] = {
      {"nextHeader", 0, 8, FieldType::uint, true, "what follows"},
      {"length", 8, 8, FieldType::uint, true, "4-byte units, less 2"},
      {"spi", 32, 32, FieldType::uint, true, "security parameters index"},
      {"sequence", 64, 32, FieldType::uint, true, "sequence number"},
      {"icv", 96, 0, FieldType::bytes, false, "integrity check value"},
  };
};

[[nodiscard]] constexpr bool is_ipv6_extension(std::uint8_t protocol) noexcept {
  return protocol == ip_protocol::kHopByHop || protocol == ip_protocol::kRouting ||
         protocol == ip_protocol::kFragment || protocol == ip_protocol::kAuth ||
         protocol == ip_protocol::kDestination;
}

class Ipv6ExtensionView {
 public:
  constexpr Ipv6ExtensionView() noexcept = default;

  // Breaks: ipv6_extension (runs past the packet; an AH length that is none).
  [[nodiscard]] static Parsed<Ipv6ExtensionView> parse(std::uint8_t protocol,
                                                       Extent rest) noexcept {
    if (const Reason reason = rest.need(Ipv6Extension::kMinBytes, Reason::ipv6_extension);
        reason != Reason::none) {
      return reason;
    }
    const std::size_t units = rest.bytes[Ipv6Extension::kLength];
    std::size_t length = Ipv6Extension::kMinBytes;
    if (protocol == ip_protocol::kAuth) {
      length = (units + 2) * 4;
    } else if (protocol != ip_protocol::kFragment) {
      length = (units + 1) * 8;
    }
    const Ipv6ExtensionView view(rest, length);
    const std::size_t least = protocol == ip_protocol::kAuth ? 12 : Ipv6Extension::kMinBytes;
    if (length < least || length > rest.on_wire) {
      return {view, Reason::ipv6_extension, Ipv6Extension::kLength};
    }
    if (length > rest.bytes.size()) {
      return {view, Reason::capture_truncated, Ipv6Extension::kMinBytes};
    }
    return view;
  }

  [[nodiscard]] std::uint8_t next_header() const noexcept {
    return rest_.bytes[Ipv6Extension::kNextHeader];
  }
  [[nodiscard]] std::size_t header_bytes() const noexcept { return length_; }
  [[nodiscard]] ByteView header() const noexcept { return rest_.bytes.first(length_); }
  // Of a fragment header.
  [[nodiscard]] std::uint32_t fragment_offset() const noexcept { return fragment_word() & 0xfff8U; }
  [[nodiscard]] bool more_fragments() const noexcept { return (fragment_word() & 1U) != 0; }
  // Offset 0 and no more fragments: an atomic fragment (RFC 6946) is a whole packet.
  [[nodiscard]] bool is_fragment() const noexcept { return (fragment_word() & 0xfff9U) != 0; }
  [[nodiscard]] Extent payload_extent() const noexcept { return rest_.after(length_); }

 private:
  Ipv6ExtensionView(Extent rest, std::size_t length) noexcept : rest_(rest), length_(length) {}
  [[nodiscard]] std::uint16_t fragment_word() const noexcept {
    return base::load_be<std::uint16_t>(rest_.bytes.data() + Ipv6Extension::kFragmentOffset);
  }
  Extent rest_;
  std::size_t length_ = 0;
};

// Whom the transport's pseudo-header names instead of the addresses in the IPv6 header: the end of
// a route that is not used up (RFC 8200 section 8.1), the home address of a mobile node that is
// abroad (RFC 6275 section 6.3).
struct Ipv6Route {
  ByteView source;       // 16 bytes; empty: the header's
  ByteView destination;  // 16 bytes; empty: the header's
  bool unknown = false;  // a route that does not tell where it ends

  // The packet is on its way to somebody else than the header says.
  [[nodiscard]] bool ahead() const noexcept { return unknown || !destination.empty(); }
  // Takes in what an extension header says. `header` is whole.
  void follow(std::uint8_t protocol, ByteView header) noexcept;
};

// Where the transport header of an IPv6 packet is, behind its extension headers.
struct Ipv6Transport {
  Reason reason = Reason::none;  // ipv6_extension, ipv6_extension_limit, capture_truncated
  std::uint8_t protocol = ip_protocol::kNone;
  bool fragment = false;  // part of a packet: lengths and checksum cannot be judged
  bool first = true;      // the transport header is here (not a later fragment)
  Extent payload;         // transport header and data
  Ipv6Route route;
};
// Walks at most kMaxChain headers.
[[nodiscard]] Ipv6Transport find_transport(const Ipv6View& packet) noexcept;

void dissect_hop_by_hop(Walk& walk) noexcept;
void dissect_routing(Walk& walk) noexcept;
void dissect_fragment(Walk& walk) noexcept;
void dissect_auth(Walk& walk) noexcept;
void dissect_destination(Walk& walk) noexcept;

}  // namespace ringbed::wire
