// ARP for IPv4 over Ethernet (RFC 826).
//
//   0     2     4    5    6         8         14       18        24
//   | hw  | prot| hln| pln| operation| senderMac| senderIp| targetMac| targetIp | 28 bytes
#pragma once

#include "wire/ethernet.hpp"

namespace ringbed::wire {

struct Arp {
  static constexpr std::size_t kHardwareType = 0;
  static constexpr std::size_t kProtocolType = 2;
  static constexpr std::size_t kHardwareBytes = 4;
  static constexpr std::size_t kProtocolBytes = 5;
  static constexpr std::size_t kOperation = 6;
  static constexpr std::size_t kSenderMac = 8;
  static constexpr std::size_t kSenderIp = 14;
  static constexpr std::size_t kTargetMac = 18;
  static constexpr std::size_t kTargetIp = 24;
  static constexpr std::size_t kFixedBytes = 8;  // before the addresses
  static constexpr std::size_t kHeaderBytes = 28;

  static constexpr std::uint16_t kEthernetHardware = 1;
  static constexpr std::uint16_t kIeee802Hardware = 6;
  static constexpr std::uint16_t kRequest = 1;
  static constexpr std::uint16_t kReply = 2;

  static constexpr FieldSpec kFields[] = {
      {"operation", 48, 16, FieldType::uint, true, "1 request, 2 reply"},
      {"senderMac", 64, 48, FieldType::mac, true, "sender's MAC address"},
      {"senderIp", 112, 32, FieldType::ipv4, true, "sender's IPv4 address"},
      {"targetMac", 144, 48, FieldType::mac, true, "target's MAC address"},
      {"targetIp", 192, 32, FieldType::ipv4, true, "target's IPv4 address"},
  };
};

class ArpView {
 public:
  constexpr ArpView() noexcept = default;

  // Breaks: arp_truncated; arp_format (then the fields before the addresses are readable).
  [[nodiscard]] static Parsed<ArpView> parse(Extent packet) noexcept {
    if (const Reason reason = packet.need(Arp::kFixedBytes, Reason::arp_truncated);
        reason != Reason::none) {
      return reason;
    }
    const std::uint8_t* p = packet.bytes.data();
    // Linux takes both kinds from an Ethernet interface.
    const auto hardware = base::load_be<std::uint16_t>(p + Arp::kHardwareType);
    if ((hardware != Arp::kEthernetHardware && hardware != Arp::kIeee802Hardware) ||
        base::load_be<std::uint16_t>(p + Arp::kProtocolType) != ethertype::kIpv4 ||
        p[Arp::kHardwareBytes] != 6 || p[Arp::kProtocolBytes] != 4) {
      return {ArpView(packet), Reason::arp_format, Arp::kHardwareType};
    }
    if (const Reason reason = packet.need(Arp::kHeaderBytes, Reason::arp_truncated);
        reason != Reason::none) {
      return reason;
    }
    return ArpView(packet.after(0, Arp::kHeaderBytes));
  }

  [[nodiscard]] std::uint16_t hardware_type() const noexcept {
    return base::load_be<std::uint16_t>(packet_.bytes.data() + Arp::kHardwareType);
  }
  [[nodiscard]] std::uint16_t operation() const noexcept {
    return base::load_be<std::uint16_t>(packet_.bytes.data() + Arp::kOperation);
  }
  [[nodiscard]] MacAddress sender_mac() const noexcept {
    return MacAddress::load(packet_.bytes.data() + Arp::kSenderMac);
  }
  [[nodiscard]] Ipv4Address sender_ip() const noexcept {
    return Ipv4Address::load(packet_.bytes.data() + Arp::kSenderIp);
  }
  [[nodiscard]] MacAddress target_mac() const noexcept {
    return MacAddress::load(packet_.bytes.data() + Arp::kTargetMac);
  }
  [[nodiscard]] Ipv4Address target_ip() const noexcept {
    return Ipv4Address::load(packet_.bytes.data() + Arp::kTargetIp);
  }

 private:
  explicit ArpView(Extent packet) noexcept : packet_(packet) {}
  Extent packet_;
};

struct ArpRepr {
  std::uint16_t operation = Arp::kRequest;
  MacAddress sender_mac;
  Ipv4Address sender_ip;
  MacAddress target_mac;
  Ipv4Address target_ip;
  std::uint16_t hardware_type = Arp::kEthernetHardware;

  // Precondition: to.size() >= kHeaderBytes. Returns kHeaderBytes.
  std::size_t emit(MutableBytes to) const noexcept {
    assert(to.size() >= Arp::kHeaderBytes);
    std::uint8_t* p = to.data();
    base::store_be(p + Arp::kHardwareType, hardware_type);
    base::store_be(p + Arp::kProtocolType, ethertype::kIpv4);
    p[Arp::kHardwareBytes] = 6;
    p[Arp::kProtocolBytes] = 4;
    base::store_be(p + Arp::kOperation, operation);
    sender_mac.store(p + Arp::kSenderMac);
    sender_ip.store(p + Arp::kSenderIp);
    target_mac.store(p + Arp::kTargetMac);
    target_ip.store(p + Arp::kTargetIp);
    return Arp::kHeaderBytes;
  }
};

void dissect_arp(Walk& walk) noexcept;

}  // namespace ringbed::wire
