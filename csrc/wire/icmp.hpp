// ICMP (RFC 792) and ICMPv6 (RFC 4443). One layout; ICMPv6 adds the pseudo-header to the
// checksum.
//
//   0     1     2         4               8
//   | type| code| checksum| rest of header| data …
#pragma once

#include "wire/checksum.hpp"
#include "wire/field.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

struct Icmp {
  static constexpr std::size_t kType = 0;
  static constexpr std::size_t kCode = 1;
  static constexpr std::size_t kChecksum = 2;
  static constexpr std::size_t kRest = 4;
  static constexpr std::size_t kHeaderBytes = 8;

  static constexpr std::uint8_t kEchoReply = 0;
  static constexpr std::uint8_t kEchoRequest = 8;
  static constexpr std::uint8_t kEchoRequestV6 = 128;
  static constexpr std::uint8_t kEchoReplyV6 = 129;

  static constexpr FieldSpec kFields[] = {
      {"type", 0, 8, FieldType::uint, true, "message type"},
      {"code", 8, 8, FieldType::uint, true, "code of the type"},
      {"checksum", 16, 16, FieldType::uint, true, "checksum"},
      {"checksumOk", 16, 0, FieldType::boolean, false, "null where it is not judged"},
      {"rest", 32, 32, FieldType::bytes, true, "rest of header; echo: identifier and sequence"},
  };
};

class IcmpView {
 public:
  constexpr IcmpView() noexcept = default;

  // Breaks: icmp_truncated.
  [[nodiscard]] static Parsed<IcmpView> parse(Extent message) noexcept {
    if (const Reason reason = message.need(Icmp::kHeaderBytes, Reason::icmp_truncated);
        reason != Reason::none) {
      return reason;
    }
    return IcmpView(message);
  }

  [[nodiscard]] std::uint8_t type() const noexcept { return message_.bytes[Icmp::kType]; }
  [[nodiscard]] std::uint8_t code() const noexcept { return message_.bytes[Icmp::kCode]; }
  [[nodiscard]] std::uint16_t checksum() const noexcept {
    return base::load_be<std::uint16_t>(message_.bytes.data() + Icmp::kChecksum);
  }
  [[nodiscard]] std::uint32_t rest() const noexcept {
    return base::load_be<std::uint32_t>(message_.bytes.data() + Icmp::kRest);
  }
  [[nodiscard]] Extent payload_extent() const noexcept {
    return message_.after(Icmp::kHeaderBytes);
  }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }

  // `pseudo` is empty for ICMP, the pseudo-header's sum for ICMPv6.
  [[nodiscard]] Checksum judge(PartialSum pseudo = {}) const noexcept {
    if (!message_.complete()) {
      return Checksum::unknown;
    }
    pseudo.add(sum(message_.bytes));
    return pseudo.verifies() ? Checksum::good : Checksum::bad;
  }

 private:
  explicit IcmpView(Extent message) noexcept : message_(message) {}
  Extent message_;
};

// Writes a header over data that is already in place behind it.
struct IcmpRepr {
  std::uint8_t type = Icmp::kEchoRequest;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // echo: identifier << 16 | sequence

  // `to` is header and data; `pseudo` as in judge(). Returns kHeaderBytes.
  std::size_t emit(MutableBytes to, PartialSum pseudo = {}) const noexcept {
    assert(to.size() >= Icmp::kHeaderBytes);
    std::uint8_t* p = to.data();
    p[Icmp::kType] = type;
    p[Icmp::kCode] = code;
    base::store_be(p + Icmp::kChecksum, std::uint16_t{0});
    base::store_be(p + Icmp::kRest, rest);
    pseudo.add(sum(to));
    base::store_be(p + Icmp::kChecksum, pseudo.finish());
    return Icmp::kHeaderBytes;
  }
};

void dissect_icmp(Walk& walk) noexcept;
void dissect_icmpv6(Walk& walk) noexcept;

}  // namespace ringbed::wire
