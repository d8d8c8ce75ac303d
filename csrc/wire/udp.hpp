// UDP (RFC 768; over IPv6 RFC 8200 section 8.1). Bytes past `length` are not payload. A checksum
// of 0 means "not computed" over IPv4 and is not allowed over IPv6; one that comes out as 0 is
// sent as 0xffff.
//
//   0        2        4       6          8
//   | srcPort| dstPort| length| checksum | payload …
#pragma once

#include "wire/checksum.hpp"
#include "wire/field.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

struct Udp {
  static constexpr std::size_t kSrcPort = 0;
  static constexpr std::size_t kDstPort = 2;
  static constexpr std::size_t kLength = 4;
  static constexpr std::size_t kChecksum = 6;
  static constexpr std::size_t kHeaderBytes = 8;

  static constexpr FieldSpec kFields[] = {
      {"srcPort", 0, 16, FieldType::uint, true, "source port"},
      {"dstPort", 16, 16, FieldType::uint, true, "destination port"},
      {"length", 32, 16, FieldType::uint, true, "bytes of header and payload"},
      {"checksum", 48, 16, FieldType::uint, true, "0: not computed"},
      {"checksumOk", 48, 0, FieldType::boolean, false, "null where it is not computed or judged"},
  };
};

class UdpView {
 public:
  constexpr UdpView() noexcept = default;

  // Breaks: udp_truncated, udp_length.
  [[nodiscard]] static Parsed<UdpView> parse(Extent datagram) noexcept {
    if (const Reason reason = datagram.need(Udp::kHeaderBytes, Reason::udp_truncated);
        reason != Reason::none) [[unlikely]] {
      return reason;
    }
    const UdpView view(datagram);
    // In a jumbogram the field is 0, and the datagram as long as what carries it (RFC 2675).
    if (view.length() == 0 && datagram.on_wire > 0xffff && datagram.on_wire <= 0xffff'ffff)
        [[unlikely]] {
      return view;
    }
    if (view.length() < Udp::kHeaderBytes || view.length() > datagram.on_wire) [[unlikely]] {
      return {view, Reason::udp_length, Udp::kLength};
    }
    return UdpView(datagram.after(0, view.length()));
  }

  [[nodiscard]] std::uint16_t src_port() const noexcept { return word(Udp::kSrcPort); }
  [[nodiscard]] std::uint16_t dst_port() const noexcept { return word(Udp::kDstPort); }
  [[nodiscard]] std::uint16_t length() const noexcept { return word(Udp::kLength); }
  [[nodiscard]] std::uint16_t checksum() const noexcept { return word(Udp::kChecksum); }
  [[nodiscard]] Extent payload_extent() const noexcept {
    return datagram_.after(Udp::kHeaderBytes);
  }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }
  // Header and payload, without what follows.
  [[nodiscard]] Extent extent() const noexcept { return datagram_; }

  // `pseudo` is the pseudo-header's sum for length() bytes. A field of 0 is absent in both
  // families; over IPv6 the caller makes that a fault (udp_checksum_zero).
  [[nodiscard]] Checksum judge(PartialSum pseudo) const noexcept {
    if (checksum() == 0) {
      return Checksum::absent;
    }
    if (!datagram_.complete()) [[unlikely]] {
      return Checksum::unknown;
    }
    pseudo.add(sum(datagram_.bytes));
    return pseudo.verifies() ? Checksum::good : Checksum::bad;
  }

 private:
  explicit UdpView(Extent datagram) noexcept : datagram_(datagram) {}
  [[nodiscard]] std::uint16_t word(std::size_t offset) const noexcept {
    return base::load_be<std::uint16_t>(datagram_.bytes.data() + offset);
  }
  Extent datagram_;
};

// Writes a header over a payload that is already in place behind it.
struct UdpRepr {
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;

  // `to` is header and payload (at most 65,535 bytes); `pseudo` the pseudo-header's sum for
  // to.size() bytes. Returns kHeaderBytes.
  std::size_t emit(MutableBytes to, PartialSum pseudo) const noexcept {
    emit_unsummed(to);
    pseudo.add(sum(to));
    const std::uint16_t checksum = pseudo.finish();
    base::store_be(to.data() + Udp::kChecksum, checksum == 0 ? std::uint16_t{0xffff} : checksum);
    return Udp::kHeaderBytes;
  }
  // The same with a checksum field of 0.
  std::size_t emit_unsummed(MutableBytes to) const noexcept {
    assert(to.size() >= Udp::kHeaderBytes && to.size() <= 0xffff);
    base::store_be(to.data() + Udp::kSrcPort, src_port);
    base::store_be(to.data() + Udp::kDstPort, dst_port);
    base::store_be(to.data() + Udp::kLength, static_cast<std::uint16_t>(to.size()));
    base::store_be(to.data() + Udp::kChecksum, std::uint16_t{0});
    return Udp::kHeaderBytes;
  }
};

void dissect_udp(Walk& walk) noexcept;

}  // namespace ringbed::wire
