// What BSD loopback interfaces write in place of a link header (LINKTYPE_NULL and LINKTYPE_LOOP,
// www.tcpdump.org/linktypes): the address family, in the byte order of the host that captured
// (NULL) or of the network (LOOP). Systems number IPv6 differently.
//
//   0             4
//   | family 32   | payload …
#pragma once

#include "wire/ethernet.hpp"

namespace ringbed::wire {

struct BsdLoopback {
  static constexpr std::size_t kHeaderBytes = 4;

  static constexpr FieldSpec kNullFields[] = {
      {"family", 0, 32, FieldType::host_uint, false, "2 IPv4; 10, 24, 28, 30 IPv6"},
  };
  static constexpr FieldSpec kLoopFields[] = {
      {"family", 0, 32, FieldType::uint, false, "2 IPv4; 10, 24, 28, 30 IPv6"},
  };
};

class BsdLoopbackView {
 public:
  constexpr BsdLoopbackView() noexcept = default;

  // Breaks: link_truncated.
  [[nodiscard]] static Parsed<BsdLoopbackView> parse(Extent frame) noexcept {
    if (const Reason reason = frame.need(BsdLoopback::kHeaderBytes, Reason::link_truncated);
        reason != Reason::none) {
      return reason;
    }
    return BsdLoopbackView(frame);
  }

  // What follows, as an EtherType; 0 for a family that is neither IPv4 nor IPv6.
  [[nodiscard]] std::uint16_t ethertype(const FieldSpec& family) const noexcept {
    const std::uint64_t value = read_field(family, frame_.bytes);
    switch (value) {
      case 2: return ethertype::kIpv4;
      case 10:  // Linux
      case 24:  // NetBSD, OpenBSD
      case 28:  // FreeBSD, DragonFly BSD
      case 30:  // macOS, iOS
        return ethertype::kIpv6;
      default:  // some writers put the EtherType there itself
        return value <= 0xffff && value > Ethernet::kMaxLength ? static_cast<std::uint16_t>(value)
                                                               : std::uint16_t{0};
    }
  }
  [[nodiscard]] Extent payload_extent() const noexcept {
    return frame_.after(BsdLoopback::kHeaderBytes);
  }

 private:
  explicit BsdLoopbackView(Extent frame) noexcept : frame_(frame) {}
  Extent frame_;
};

void dissect_bsd_null(Walk& walk) noexcept;
void dissect_bsd_loop(Walk& walk) noexcept;

}  // namespace ringbed::wire
