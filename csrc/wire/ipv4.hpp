// IPv4 (RFC 791). The payload is totalLength - IHL x 4, never what was captured behind it: a
// short Ethernet frame carries padding. Options and fragments are recognised.
//
//   0        1        2           4        6                8     9        10       12    16
//   | ver ihl| dscp ecn| totalLength| ident.| r df mf offset | ttl | protocol| checksum| src | dst
//   |
#pragma once

#include "wire/checksum.hpp"
#include "wire/field.hpp"
#include "wire/options.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

namespace ip_protocol {
inline constexpr std::uint8_t kHopByHop = 0;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIgmp = 2;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kRouting = 43;
inline constexpr std::uint8_t kFragment = 44;
inline constexpr std::uint8_t kAuth = 51;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kNone = 59;
inline constexpr std::uint8_t kDestination = 60;
}  // namespace ip_protocol

struct Ipv4 {
  static constexpr std::size_t kVersionIhl = 0;
  static constexpr std::size_t kDscpEcn = 1;
  static constexpr std::size_t kTotalLength = 2;
  static constexpr std::size_t kIdentification = 4;
  static constexpr std::size_t kFragment = 6;
  static constexpr std::size_t kTtl = 8;
  static constexpr std::size_t kProtocol = 9;
  static constexpr std::size_t kChecksum = 10;
  static constexpr std::size_t kSrc = 12;
  static constexpr std::size_t kDst = 16;
  static constexpr std::size_t kHeaderBytes = 20;
  static constexpr std::size_t kMaxHeaderBytes = 60;

  static constexpr FieldSpec kFields[] = {
      {"version", 0, 4, FieldType::uint, true, "4"},
      {"ihl", 4, 4, FieldType::uint, true, "header length in 32-bit words"},
      {"dscp", 8, 6, FieldType::uint, true, "differentiated services code point"},
      {"ecn", 14, 2, FieldType::uint, true, "explicit congestion notification"},
      {"totalLength", 16, 16, FieldType::uint, true, "bytes of header and payload"},
      {"lengthPresumed", 16, 0, FieldType::presumed, false,
       "totalLength is 0: as long as the frame"},
      {"identification", 32, 16, FieldType::uint, true, "groups the fragments of a packet"},
      {"df", 49, 1, FieldType::boolean, true, "do not fragment"},
      {"mf", 50, 1, FieldType::boolean, true, "more fragments follow"},
      {"fragmentOffset", 51, 13, FieldType::uint, true, "bytes before this fragment", 8},
      {"ttl", 64, 8, FieldType::uint, true, "time to live"},
      {"protocol", 72, 8, FieldType::uint, true, "protocol of the payload"},
      {"checksum", 80, 16, FieldType::uint, true, "header checksum"},
      {"checksumOk", 80, 0, FieldType::boolean, false, "header checksum is right"},
      {"src", 96, 32, FieldType::ipv4, true, "source address"},
      {"dst", 128, 32, FieldType::ipv4, true, "destination address"},
      {"options", 160, 0, FieldType::bytes, false, "option bytes, where there are any"},
  };
};

class Ipv4View {
 public:
  constexpr Ipv4View() noexcept = default;

  // Breaks: ip_truncated, ip_version, ip_header_length, ip_total_length. Checksum, options and
  // addresses are judged by the callers that want to: checksum_ok(), options().
  [[nodiscard]] static Parsed<Ipv4View> parse(Extent packet) noexcept {
    if (const Reason reason = packet.need(Ipv4::kHeaderBytes, Reason::ip_truncated);
        reason != Reason::none) [[unlikely]] {
      return reason;
    }
    const Ipv4View fixed({packet.bytes.first(Ipv4::kHeaderBytes), packet.on_wire});
    if (fixed.version() != 4) [[unlikely]] {
      return {fixed, Reason::ip_version, Ipv4::kVersionIhl};
    }
    const std::size_t header = fixed.header_bytes();
    if (header < Ipv4::kHeaderBytes || header > packet.on_wire) [[unlikely]] {
      return {fixed, Reason::ip_header_length, Ipv4::kVersionIhl};
    }
    const std::size_t total = fixed.total_length();
    if (total < header || total > packet.on_wire) [[unlikely]] {
      return {fixed, Reason::ip_total_length, Ipv4::kTotalLength};
    }
    if (header > packet.bytes.size()) [[unlikely]] {
      return {fixed, Reason::capture_truncated, Ipv4::kHeaderBytes};
    }
    return Ipv4View(packet.after(0, total));
  }

  // As parse(), but a totalLength of 0 on a TCP packet is the length of the frame: it was captured
  // before segmentation offload filled the length in, or is longer than the field can tell (BIG
  // TCP). For whoever shows captures; a receiver trusts no length that is not there.
  [[nodiscard]] static Parsed<Ipv4View> parse_captured(Extent packet) noexcept {
    const auto parsed = parse(packet);
    if (parsed.reason() != Reason::ip_total_length || parsed.header().total_length() != 0 ||
        parsed.header().protocol() != ip_protocol::kTcp) [[likely]] {
      return parsed;
    }
    if (parsed.header().header_bytes() > packet.bytes.size()) {
      return {parsed.header(), Reason::capture_truncated, Ipv4::kHeaderBytes};
    }
    return Ipv4View(packet);
  }
  // The length of the frame stands in for its own, after parse_captured().
  [[nodiscard]] bool length_presumed() const noexcept { return total_length() == 0; }

  [[nodiscard]] std::uint8_t version() const noexcept {
    return static_cast<std::uint8_t>(at(Ipv4::kVersionIhl) >> 4);
  }
  [[nodiscard]] std::size_t header_bytes() const noexcept {
    return static_cast<std::size_t>(at(Ipv4::kVersionIhl) & 15U) * 4;
  }
  [[nodiscard]] std::uint8_t dscp() const noexcept {
    return static_cast<std::uint8_t>(at(Ipv4::kDscpEcn) >> 2);
  }
  [[nodiscard]] std::uint8_t ecn() const noexcept { return at(Ipv4::kDscpEcn) & 3; }
  [[nodiscard]] std::uint16_t total_length() const noexcept { return word(Ipv4::kTotalLength); }
  [[nodiscard]] std::uint16_t identification() const noexcept {
    return word(Ipv4::kIdentification);
  }
  [[nodiscard]] bool df() const noexcept { return (at(Ipv4::kFragment) & 0x40) != 0; }
  [[nodiscard]] bool mf() const noexcept { return (at(Ipv4::kFragment) & 0x20) != 0; }
  // In bytes.
  [[nodiscard]] std::uint32_t fragment_offset() const noexcept {
    return (word(Ipv4::kFragment) & 0x1fffU) * 8;
  }
  // Part of a packet: the transport checksum and lengths cannot be judged.
  [[nodiscard]] bool is_fragment() const noexcept { return (word(Ipv4::kFragment) & 0x3fff) != 0; }
  [[nodiscard]] std::uint8_t ttl() const noexcept { return at(Ipv4::kTtl); }
  [[nodiscard]] std::uint8_t protocol() const noexcept { return at(Ipv4::kProtocol); }
  [[nodiscard]] std::uint16_t checksum() const noexcept { return word(Ipv4::kChecksum); }
  [[nodiscard]] Ipv4Address src() const noexcept {
    return Ipv4Address::load(packet_.bytes.data() + Ipv4::kSrc);
  }
  [[nodiscard]] Ipv4Address dst() const noexcept {
    return Ipv4Address::load(packet_.bytes.data() + Ipv4::kDst);
  }
  [[nodiscard]] ByteView header() const noexcept { return packet_.bytes.first(header_bytes()); }
  [[nodiscard]] bool checksum_ok() const noexcept {
    if (header_bytes() == Ipv4::kHeaderBytes) [[likely]] {
      return PartialSum(detail::sum_short(packet_.bytes.data(), Ipv4::kHeaderBytes)).verifies();
    }
    return sum(header()).verifies();
  }
  [[nodiscard]] ByteView options() const noexcept { return header().subspan(Ipv4::kHeaderBytes); }
  [[nodiscard]] Extent payload_extent() const noexcept { return packet_.after(header_bytes()); }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }
  // Sum of the pseudo-header for `length` bytes of transport header and data.
  [[nodiscard]] PartialSum pseudo(std::size_t length) const noexcept {
    return pseudo_sum(src(), dst(), protocol(), static_cast<std::uint32_t>(length));
  }

 private:
  explicit Ipv4View(Extent packet) noexcept : packet_(packet) {}
  [[nodiscard]] std::uint8_t at(std::size_t offset) const noexcept { return packet_.bytes[offset]; }
  [[nodiscard]] std::uint16_t word(std::size_t offset) const noexcept {
    return base::load_be<std::uint16_t>(packet_.bytes.data() + offset);
  }
  Extent packet_;  // header and payload, without link padding
};

// Writes a header with its checksum. `options` (a multiple of 4 bytes, at most 40) are copied.
struct Ipv4Repr {
  Ipv4Address src;
  Ipv4Address dst;
  std::uint8_t protocol = ip_protocol::kUdp;
  std::uint16_t payload_bytes = 0;  // transport header and data
  std::uint8_t ttl = 64;
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint16_t identification = 0;
  bool df = true;
  bool mf = false;
  std::uint16_t fragment_offset = 0;  // bytes, a multiple of 8
  ByteView options;

  [[nodiscard]] std::size_t header_bytes() const noexcept {
    return Ipv4::kHeaderBytes + options.size();
  }

  // Returns header_bytes(). Precondition: to.size() >= header_bytes().
  std::size_t emit(MutableBytes to) const noexcept {
    const std::size_t header = header_bytes();
    assert(to.size() >= header && options.size() % 4 == 0 && options.size() <= 40);
    std::uint8_t* p = to.data();
    p[Ipv4::kVersionIhl] = static_cast<std::uint8_t>(0x40 | header / 4);
    p[Ipv4::kDscpEcn] = static_cast<std::uint8_t>(dscp << 2 | (ecn & 3));
    base::store_be(p + Ipv4::kTotalLength, static_cast<std::uint16_t>(header + payload_bytes));
    base::store_be(p + Ipv4::kIdentification, identification);
    base::store_be(p + Ipv4::kFragment,
                   static_cast<std::uint16_t>((df ? 0x4000U : 0U) | (mf ? 0x2000U : 0U) |
                                              (fragment_offset / 8U & 0x1fffU)));
    p[Ipv4::kTtl] = ttl;
    p[Ipv4::kProtocol] = protocol;
    base::store_be(p + Ipv4::kChecksum, std::uint16_t{0});
    src.store(p + Ipv4::kSrc);
    dst.store(p + Ipv4::kDst);
    if (!options.empty()) {
      std::memcpy(p + Ipv4::kHeaderBytes, options.data(), options.size());
    }
    base::store_be(p + Ipv4::kChecksum, PartialSum(detail::sum_short(p, header)).finish());
    return header;
  }
};

// Where a source route that is not used up ends (RFC 791 section 3.1), 4 bytes: whom the
// transport's pseudo-header names. Empty: there is none, the packet is for its destination.
[[nodiscard]] ByteView route_end(const Ipv4View& packet) noexcept;

void dissect_ipv4(Walk& walk) noexcept;

}  // namespace ringbed::wire
