// 802.1Q and 802.1ad (QinQ) tags, and the older 0x9100. The tag protocol identifier is the type
// field of the layer before, so a tag is the four bytes after it.
//
//   0                    2
//   | pcp 3 | dei 1 | vid 12 | type 16 |
#pragma once

#include "wire/ethernet.hpp"

namespace ringbed::wire {

struct Vlan {
  static constexpr std::size_t kTci = 0;
  static constexpr std::size_t kType = 2;
  static constexpr std::size_t kHeaderBytes = 4;
  static constexpr std::size_t kMaxDepth = 8;  // more stacked tags are refused: vlan_depth

  static constexpr FieldSpec kFields[] = {
      {"pcp", 0, 3, FieldType::uint, true, "priority code point"},
      {"dei", 3, 1, FieldType::boolean, true, "drop eligible"},
      {"vid", 4, 12, FieldType::uint, true, "VLAN identifier; 0 is a priority tag"},
      {"type", 16, 16, FieldType::uint, true, "EtherType; up to 1500 the payload length"},
  };
};

[[nodiscard]] constexpr bool is_vlan_type(std::uint16_t type) noexcept {
  return type == ethertype::kVlan || type == ethertype::kQinQ || type == ethertype::kQinQLegacy;
}

class VlanView {
 public:
  constexpr VlanView() noexcept = default;

  // Breaks: vlan_truncated, ethernet_length (a length behind the tag, as on 802.3 frames).
  [[nodiscard]] static Parsed<VlanView> parse(Extent tag) noexcept {
    if (const Reason reason = tag.need(Vlan::kHeaderBytes, Reason::vlan_truncated);
        reason != Reason::none) [[unlikely]] {
      return reason;
    }
    const VlanView view(tag);
    if (view.is_length() && view.type() > tag.on_wire - Vlan::kHeaderBytes) {
      return {view, Reason::ethernet_length, Vlan::kType};
    }
    return view;
  }

  [[nodiscard]] std::uint8_t pcp() const noexcept {
    return static_cast<std::uint8_t>(tag_.bytes[Vlan::kTci] >> 5);
  }
  [[nodiscard]] bool dei() const noexcept { return (tag_.bytes[Vlan::kTci] & 0x10) != 0; }
  [[nodiscard]] std::uint16_t vid() const noexcept {
    return base::load_be<std::uint16_t>(tag_.bytes.data() + Vlan::kTci) & 0x0fff;
  }
  [[nodiscard]] std::uint16_t type() const noexcept {
    return base::load_be<std::uint16_t>(tag_.bytes.data() + Vlan::kType);
  }
  [[nodiscard]] bool is_length() const noexcept { return type() <= Ethernet::kMaxLength; }
  [[nodiscard]] Extent payload_extent() const noexcept {
    return tag_.after(Vlan::kHeaderBytes, is_length() ? type() : SIZE_MAX);
  }
  [[nodiscard]] ByteView payload() const noexcept { return payload_extent().bytes; }

 private:
  explicit VlanView(Extent tag) noexcept : tag_(tag) {}
  Extent tag_;
};

// Writes a tag; the layer before carries 0x8100, 0x88a8 or 0x9100 as its type.
struct VlanRepr {
  std::uint8_t pcp = 0;
  bool dei = false;
  std::uint16_t vid = 0;
  std::uint16_t type = ethertype::kIpv4;

  std::size_t emit(MutableBytes to) const noexcept {
    assert(to.size() >= Vlan::kHeaderBytes);
    const auto tci =
        static_cast<std::uint16_t>((pcp & 7U) << 13 | (dei ? 0x1000U : 0U) | (vid & 0x0fffU));
    base::store_be(to.data() + Vlan::kTci, tci);
    base::store_be(to.data() + Vlan::kType, type);
    return Vlan::kHeaderBytes;
  }
};

void dissect_vlan(Walk& walk) noexcept;

}  // namespace ringbed::wire
