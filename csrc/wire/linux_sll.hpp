// Linux "cooked" header, version 1 (LINKTYPE_LINUX_SLL, www.tcpdump.org/linktypes): what a packet
// socket tells of a frame in place of its link header, as `tcpdump -i any` writes it.
//
//   0            2            4               6         14         16
//   | packetType | arphrdType | addressLength | address | protocol | payload …
#pragma once

#include "wire/ethernet.hpp"

namespace ringbed::wire {

struct LinuxSll {
  static constexpr std::size_t kPacketType = 0;
  static constexpr std::size_t kArphrdType = 2;
  static constexpr std::size_t kAddressLength = 4;
  static constexpr std::size_t kAddress = 6;
  static constexpr std::size_t kProtocol = 14;
  static constexpr std::size_t kHeaderBytes = 16;
  static constexpr std::size_t kAddressBytes = 8;  // room; a longer address is cut

  static constexpr FieldSpec kFields[] = {
      {"packetType", 0, 16, FieldType::uint, false,
       "0 to this host, 1 broadcast, 2 multicast, 3 to another host, 4 sent"},
      {"arphrdType", 16, 16, FieldType::uint, false, "kind of interface, ARPHRD_ of Linux"},
      {"addressLength", 32, 16, FieldType::uint, false, "bytes of the sender's address"},
      {"address", 48, 64, FieldType::link_address, false, "the sender's link-layer address"},
      {"protocol", 112, 16, FieldType::uint, false, "EtherType, unless arphrdType says otherwise"},
  };
};

// What the cooked headers have in common.
namespace cooked {

inline constexpr std::uint16_t kBroadcast = 1;    // packet type
inline constexpr std::uint16_t kNovell = 1;       // protocol: 802.3 without LLC
inline constexpr std::uint16_t kLogicalLink = 4;  // protocol: 802.2 LLC

// Whether the protocol of an interface of this ARPHRD_ type is an EtherType: not that of Netlink
// (824) messages, frame relay (770) and 802.11 with radiotap (803).
[[nodiscard]] constexpr bool has_ethertype(std::uint16_t arphrd) noexcept {
  return arphrd != 824 && arphrd != 770 && arphrd != 803;
}

}  // namespace cooked

class LinuxSllView {
 public:
  constexpr LinuxSllView() noexcept = default;

  // Breaks: link_truncated.
  [[nodiscard]] static Parsed<LinuxSllView> parse(Extent frame) noexcept {
    if (const Reason reason = frame.need(LinuxSll::kHeaderBytes, Reason::link_truncated);
        reason != Reason::none) {
      return reason;
    }
    return LinuxSllView(frame);
  }

  [[nodiscard]] std::uint16_t packet_type() const noexcept { return word(LinuxSll::kPacketType); }
  [[nodiscard]] std::uint16_t arphrd_type() const noexcept { return word(LinuxSll::kArphrdType); }
  [[nodiscard]] std::uint16_t protocol() const noexcept { return word(LinuxSll::kProtocol); }
  // What there is room for, of what the length says.
  [[nodiscard]] ByteView address() const noexcept {
    return frame_.bytes.subspan(
        LinuxSll::kAddress,
        std::min<std::size_t>(word(LinuxSll::kAddressLength), LinuxSll::kAddressBytes));
  }
  [[nodiscard]] Extent payload_extent() const noexcept {
    return frame_.after(LinuxSll::kHeaderBytes);
  }

 private:
  explicit LinuxSllView(Extent frame) noexcept : frame_(frame) {}
  [[nodiscard]] std::uint16_t word(std::size_t offset) const noexcept {
    return base::load_be<std::uint16_t>(frame_.bytes.data() + offset);
  }
  Extent frame_;
};

void dissect_linux_sll(Walk& walk) noexcept;

}  // namespace ringbed::wire
