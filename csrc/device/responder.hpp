// Builds response frames. Everything that is the same in each of them lies ready in a header
// template with its partial checksum; for a response the template is copied, the addresses, ports
// and numbers that vary are put in, and their sums added to what the template sums to. The message
// is summed from registers while it is written: nothing is read back.
//
//   | Ethernet, swapped | VLAN tags as they came | IP | UDP or TCP | trading_order 41 |
//   0                   12                       ip_offset
#pragma once

#include <array>

#include "device/config.hpp"
#include "device/packet.hpp"
#include "feed/nanonet.hpp"
#include "wire/checksum.hpp"

namespace ringbed::device {

class Responder {
 public:
  // config has passed check_device_config().
  explicit Responder(const DeviceConfig& config);

  // The same as a new one of `config`, but the IPv4 identification goes on counting.
  void reconfigure(const DeviceConfig& config) {
    const std::uint16_t identification = identification_;
    *this = Responder(config);
    identification_ = identification;
  }

  // Bytes that respond() writes for this packet.
  [[nodiscard]] std::uint32_t length(const Packet& packet) const noexcept {
    return static_cast<std::uint32_t>(packet.ip_offset) +
           (packet.is_v6() ? v6_.message_offset : v4_.message_offset) +
           static_cast<std::uint32_t>(feed::TradingOrder::kBytes);
  }

  // Writes the frame to `to`, room for length(packet). `connection` is null for UDP; for TCP its
  // numbers are used and moved on.
  void respond(std::uint8_t* to, const Packet& packet, const feed::TradingOrder& order,
               Connection* connection) noexcept;

 private:
  // The IP and transport headers of a response, variable fields zero.
  struct Template {
    std::array<std::uint8_t, 60> bytes{};
    std::uint32_t transport_offset = 0;
    std::uint32_t message_offset = 0;
    wire::PartialSum ip_sum;         // of the IPv4 header
    wire::PartialSum transport_sum;  // of pseudo-header and transport header
  };

  [[nodiscard]] static Template make_template(bool v6, std::uint8_t protocol);

  [[gnu::always_inline]] wire::PartialSum write_message(
      std::uint8_t* to, const feed::TradingOrder& order) const noexcept;
  [[gnu::always_inline]] void write_ethernet(std::uint8_t* to, const Packet& packet) const noexcept;
  [[nodiscard, gnu::always_inline]] wire::PartialSum write_v4_addresses(
      std::uint8_t* ip, const Packet& packet) noexcept;
  [[nodiscard]] wire::PartialSum write_v6_addresses(std::uint8_t* ip,
                                                    const Packet& packet) const noexcept;

  Template v4_;
  Template v6_;
  wire::MacAddress own_mac_;
  IpAddress own_ip_;
  Endpoint respond_to_;
  bool fixed_mac_;  // respond_to names a MAC address
  bool tcp_;
  feed::ByteOrder order_;
  std::uint16_t identification_ = 0;
};

}  // namespace ringbed::device
