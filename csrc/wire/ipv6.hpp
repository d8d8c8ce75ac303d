// IPv6 (RFC 8200): the fixed header. Extension headers are in ipv6_extension.hpp.
//
//   0                             4             6          7          8     24    40
//   | version 4, class 8, label 20| payloadLen  | nextHdr  | hopLimit | src | dst |
#pragma once

#include "wire/checksum.hpp"
#include "wire/field.hpp"
#include "wire/ipv4.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

struct Ipv6 {
  static constexpr std::size_t kVersionClassLabel = 0;
  static constexpr std::size_t kPayloadLength = 4;
  static constexpr std::size_t kNextHeader = 6;
  static constexpr std::size_t kHopLimit = 7;
  static constexpr std::size_t kSrc = 8;
  static constexpr std::size_t kDst = 24;
  static constexpr std::size_t kHeaderBytes = 40;

  static constexpr FieldSpec kFields[] = {
      {"trafficClass", 4, 8, FieldType::uint, true, "DSCP and ECN"},
      {"flowLabel", 12, 20, FieldType::uint, true, "flow label"},
      {"payloadLength", 32, 16, FieldType::uint, true, "bytes behind this header"},
      {"lengthPresumed", 32, 0, FieldType::presumed, false,
       "payloadLength is 0: as long as the frame"},
      {"nextHeader", 48, 8, FieldType::uint, true, "extension or transport that follows"},
      {"hopLimit", 56, 8, FieldType::uint, true, "hop limit"},
      {"src", 64, 128, FieldType::ipv6, true, "source address"},
      {"dst", 192, 128, FieldType::ipv6, true, "destination address"},
  };
};

// The data of the first option of that kind in a hop-by-hop or destination options header
// (RFC 8200 section 4.2); empty when there is none.
[[nodiscard]] ByteView find_option(ByteView header, std::uint8_t kind) noexcept;

class Ipv6View {
 public:
  constexpr Ipv6View() noexcept = default;

  // Breaks: ipv6_truncated, ipv6_version, ipv6_payload_length. A payload length of 0 with a jumbo
  // payload option in a hop-by-hop header (RFC 2675) is as long as the option says.
  [[nodiscard]] static Parsed<Ipv6View> parse(Extent packet) noexcept {
    if (const Reason reason = packet.need(Ipv6::kHeaderBytes, Reason::ipv6_truncated);
        reason != Reason::none) [[unlikely]] {
      return reason;
    }
    const Ipv6View view(packet);
    if (packet.bytes[0] >> 4 != 6) [[unlikely]] {
      return {view, Reason::ipv6_version, Ipv6::kVersionClassLabel};
    }
    const std::size_t length = view.effective_length();
    if (length > packet.on_wire - Ipv6::kHeaderBytes) [[unlikely]] {
      return {view, Reason::ipv6_payload_length, Ipv6::kPayloadLength};
    }
    return Ipv6View(packet.after(0, Ipv6::kHeaderBytes + length));
  }

  // As parse(), but a payload length of 0 in front of TCP is that of the frame, as for IPv4, if a
  // TCP header fits (less is Ethernet's padding).
  [[nodiscard]] static Parsed<Ipv6View> parse_captured(Extent packet) noexcept {
    constexpr std::size_t kTcpHeaderBytes = 20;
    const auto parsed = parse(packet);
    if (!parsed || parsed->payload_length() != 0 || parsed->next_header() != ip_protocol::kTcp ||
        packet.on_wire < Ipv6::kHeaderBytes + kTcpHeaderBytes) [[likely]] {
      return parsed;
    }
    return Ipv6View(packet);
  }
  // The length of the frame stands in for its own, after parse_captured().
  [[nodiscard]] bool length_presumed() const noexcept {
    return payload_length() == 0 && next_header() == ip_protocol::kTcp &&
           packet_.on_wire > Ipv6::kHeaderBytes;
  }

  [[nodiscard]] std::uint8_t traffic_class() const noexcept {
    return static_cast<std::uint8_t>(first_word() >> 20 & 0xff);
  }
  [[nodiscard]] std::uint32_t flow_label() const noexcept { return first_word() & 0xfffff; }
  [[nodiscard]] std::uint16_t payload_length() const noexcept {
    return base::load_be<std::uint16_t>(packet_.bytes.data() + Ipv6::kPayloadLength);
  }
  [[nodiscard]] std::uint8_t next_header() const noexcept {
    return packet_.bytes[Ipv6::kNextHeader];
  }
  [[nodiscard]] std::uint8_t hop_limit() const noexcept { return packet_.bytes[Ipv6::kHopLimit]; }
  [[nodiscard]] Ipv6Address src() const noexcept {
    return Ipv6Address::load(packet_.bytes.data() + Ipv6::kSrc);
  }
  [[nodiscard]] Ipv6Address dst() const noexcept {
    return Ipv6Address::load(packet_.bytes.data() + Ipv6::kDst);
  }
  // Extension headers, transport header and data, without link padding.
  [[nodiscard]] Extent payload_extent() const noexcept { return packet_.after(Ipv6::kHeaderBytes); }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }
  // The length in a jumbo payload option; 0: there is none.
  [[nodiscard]] std::uint32_t jumbo_length() const noexcept {
    constexpr std::uint8_t kJumbo = 0xc2;
    const std::size_t units = Ipv6::kHeaderBytes + 2;
    if (next_header() != ip_protocol::kHopByHop || packet_.bytes.size() < units) [[likely]] {
      return 0;
    }
    const ByteView rest = packet_.bytes.subspan(Ipv6::kHeaderBytes);
    const ByteView data =
        find_option(rest.first(std::min<std::size_t>(rest.size(), (rest[1] + 1U) * 8U)), kJumbo);
    return data.size() == 4 ? base::load_be<std::uint32_t>(data.data()) : 0;
  }
  // `protocol` is the transport's number, not nextHeader, when there are extension headers.
  [[nodiscard]] PartialSum pseudo(std::uint8_t protocol, std::size_t length) const noexcept {
    return pseudo_sum(src(), dst(), protocol, static_cast<std::uint32_t>(length));
  }

 private:
  explicit Ipv6View(Extent packet) noexcept : packet_(packet) {}
  [[nodiscard]] std::uint32_t first_word() const noexcept {
    return base::load_be<std::uint32_t>(packet_.bytes.data());
  }
  [[nodiscard]] std::size_t effective_length() const noexcept {
    const std::size_t length = payload_length();
    const std::uint32_t jumbo = length == 0 ? jumbo_length() : 0;
    return jumbo != 0 ? jumbo : length;
  }
  Extent packet_;
};

struct Ipv6Repr {
  Ipv6Address src;
  Ipv6Address dst;
  std::uint8_t next_header = ip_protocol::kUdp;
  std::uint16_t payload_bytes = 0;  // extension headers, transport header and data
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;  // 20 bits

  // Precondition: to.size() >= kHeaderBytes. Returns kHeaderBytes.
  std::size_t emit(MutableBytes to) const noexcept {
    assert(to.size() >= Ipv6::kHeaderBytes);
    std::uint8_t* p = to.data();
    base::store_be(
        p, 6U << 28 | static_cast<std::uint32_t>(traffic_class) << 20 | (flow_label & 0xfffffU));
    base::store_be(p + Ipv6::kPayloadLength, payload_bytes);
    p[Ipv6::kNextHeader] = next_header;
    p[Ipv6::kHopLimit] = hop_limit;
    src.store(p + Ipv6::kSrc);
    dst.store(p + Ipv6::kDst);
    return Ipv6::kHeaderBytes;
  }
};

void dissect_ipv6(Walk& walk) noexcept;

}  // namespace ringbed::wire
