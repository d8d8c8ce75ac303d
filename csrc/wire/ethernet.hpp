// Ethernet II and 802.3 framing (IEEE 802.3 clause 3). A type field of at most 1,500 is a length
// and ends the payload; bytes after it, or after the network packet, are padding.
//
//   0      6      12     14
//   | dst  | src  | type | payload … (60 bytes at least without FCS, else padded)
#pragma once

#include "wire/address.hpp"
#include "wire/field.hpp"
#include "wire/view.hpp"

namespace ringbed::wire {

namespace ethertype {
inline constexpr std::uint16_t kIpv4 = 0x0800;
inline constexpr std::uint16_t kArp = 0x0806;
inline constexpr std::uint16_t kVlan = 0x8100;  // 802.1Q C-tag
inline constexpr std::uint16_t kIpv6 = 0x86dd;
inline constexpr std::uint16_t kQinQ = 0x88a8;        // 802.1ad S-tag
inline constexpr std::uint16_t kQinQLegacy = 0x9100;  // before 802.1ad
}  // namespace ethertype

struct Ethernet {
  static constexpr std::size_t kDst = 0;
  static constexpr std::size_t kSrc = 6;
  static constexpr std::size_t kType = 12;
  static constexpr std::size_t kHeaderBytes = 14;
  static constexpr std::size_t kMinFrameBytes = 60;  // without FCS
  static constexpr std::uint16_t kMaxLength = 1500;  // a larger type field is an EtherType

  static constexpr FieldSpec kFields[] = {
      {"dst", 0, 48, FieldType::mac, true, "destination address"},
      {"src", 48, 48, FieldType::mac, true, "source address"},
      {"type", 96, 16, FieldType::uint, true, "EtherType; up to 1500 the 802.3 payload length"},
  };
};

class EthernetView {
 public:
  constexpr EthernetView() noexcept = default;

  // Breaks: ethernet_truncated, ethernet_length.
  [[nodiscard]] static Parsed<EthernetView> parse(Extent frame) noexcept {
    if (const Reason reason = frame.need(Ethernet::kHeaderBytes, Reason::ethernet_truncated);
        reason != Reason::none) [[unlikely]] {
      return reason;
    }
    const EthernetView view(frame);
    if (view.is_length() && view.type() > frame.on_wire - Ethernet::kHeaderBytes) {
      return {view, Reason::ethernet_length, Ethernet::kType};
    }
    return view;
  }

  [[nodiscard]] MacAddress dst() const noexcept {
    return MacAddress::load(frame_.bytes.data() + Ethernet::kDst);
  }
  [[nodiscard]] MacAddress src() const noexcept {
    return MacAddress::load(frame_.bytes.data() + Ethernet::kSrc);
  }
  [[nodiscard]] std::uint16_t type() const noexcept {
    return base::load_be<std::uint16_t>(frame_.bytes.data() + Ethernet::kType);
  }
  // True when the type field is an 802.3 payload length.
  [[nodiscard]] bool is_length() const noexcept { return type() <= Ethernet::kMaxLength; }
  // What follows the header: with padding for an EtherType, cut to it for an 802.3 length.
  [[nodiscard]] Extent payload_extent() const noexcept {
    return frame_.after(Ethernet::kHeaderBytes, is_length() ? type() : SIZE_MAX);
  }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }

 private:
  explicit EthernetView(Extent frame) noexcept : frame_(frame) {}
  Extent frame_;
};

// Writes the header. Precondition: to.size() >= kHeaderBytes. Returns the bytes written.
struct EthernetRepr {
  MacAddress dst;
  MacAddress src;
  std::uint16_t type = ethertype::kIpv4;

  std::size_t emit(MutableBytes to) const noexcept {
    assert(to.size() >= Ethernet::kHeaderBytes);
    dst.store(to.data() + Ethernet::kDst);
    src.store(to.data() + Ethernet::kSrc);
    base::store_be(to.data() + Ethernet::kType, type);
    return Ethernet::kHeaderBytes;
  }
};

void dissect_ethernet(Walk& walk) noexcept;

}  // namespace ringbed::wire
