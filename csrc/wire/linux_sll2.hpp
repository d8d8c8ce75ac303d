// Linux "cooked" header, version 2 (LINKTYPE_LINUX_SLL2, www.tcpdump.org/linktypes): version 1 with
// the interface that the frame was seen on.
//
//   0          2          4                8            10           11              12        20
//   | protocol | reserved | interfaceIndex | arphrdType | packetType | addressLength | address | …
#pragma once

#include "wire/linux_sll.hpp"

namespace ringbed::wire {

struct LinuxSll2 {
  static constexpr std::size_t kProtocol = 0;
  static constexpr std::size_t kInterfaceIndex = 4;
  static constexpr std::size_t kArphrdType = 8;
  static constexpr std::size_t kPacketType = 10;
  static constexpr std::size_t kAddressLength = 11;
  static constexpr std::size_t kAddress = 12;
  static constexpr std::size_t kHeaderBytes = 20;

  static constexpr FieldSpec kFields[] = {
      {"protocol", 0, 16, FieldType::uint, false, "EtherType, unless arphrdType says otherwise"},
      {"reserved", 16, 16, FieldType::uint, false, "0"},
      {"interfaceIndex", 32, 32, FieldType::uint, false, "of the interface, as the host counts"},
      {"arphrdType", 64, 16, FieldType::uint, false, "kind of interface, ARPHRD_ of Linux"},
      {"packetType", 80, 8, FieldType::uint, false,
       "0 to this host, 1 broadcast, 2 multicast, 3 to another host, 4 sent"},
      {"addressLength", 88, 8, FieldType::uint, false, "bytes of the sender's address"},
      {"address", 96, 64, FieldType::link_address, false, "the sender's link-layer address"},
  };
};

class LinuxSll2View {
 public:
  constexpr LinuxSll2View() noexcept = default;

  // Breaks: link_truncated.
  [[nodiscard]] static Parsed<LinuxSll2View> parse(Extent frame) noexcept {
    if (const Reason reason = frame.need(LinuxSll2::kHeaderBytes, Reason::link_truncated);
        reason != Reason::none) {
      return reason;
    }
    return LinuxSll2View(frame);
  }

  [[nodiscard]] std::uint16_t packet_type() const noexcept {
    return frame_.bytes[LinuxSll2::kPacketType];
  }
  [[nodiscard]] std::uint16_t arphrd_type() const noexcept { return word(LinuxSll2::kArphrdType); }
  [[nodiscard]] std::uint16_t protocol() const noexcept { return word(LinuxSll2::kProtocol); }
  // What there is room for, of what the length says.
  [[nodiscard]] ByteView address() const noexcept {
    return frame_.bytes.subspan(
        LinuxSll2::kAddress,
        std::min<std::size_t>(frame_.bytes[LinuxSll2::kAddressLength], LinuxSll::kAddressBytes));
  }
  [[nodiscard]] Extent payload_extent() const noexcept {
    return frame_.after(LinuxSll2::kHeaderBytes);
  }

 private:
  explicit LinuxSll2View(Extent frame) noexcept : frame_(frame) {}
  [[nodiscard]] std::uint16_t word(std::size_t offset) const noexcept {
    return base::load_be<std::uint16_t>(frame_.bytes.data() + offset);
  }
  Extent frame_;
};

void dissect_linux_sll2(Walk& walk) noexcept;

}  // namespace ringbed::wire
