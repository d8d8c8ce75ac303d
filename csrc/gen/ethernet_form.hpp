// What a captured frame is on Ethernet. One that was not captured there (`tcpdump -i any`, a
// tunnel, a loopback interface) gets an Ethernet header in place of its own: to the device or to
// the group that its packet is for, from the address that the capture names or one made of the
// sender's IP.
#pragma once

#include <array>
#include <optional>

#include "gen/pcap_reader.hpp"
#include "wire/ethernet.hpp"

namespace ringbed::gen {

struct EthernetForm {
  std::array<std::uint8_t, wire::Ethernet::kHeaderBytes> header{};
  std::uint8_t header_bytes = 0;  // 0: the captured bytes are an Ethernet frame
  base::ByteView rest;            // behind the header, as captured; as long as the capture's bytes
  std::uint32_t wire_length = 0;  // with the header

  [[nodiscard]] std::size_t captured() const noexcept { return header_bytes + rest.size(); }
  // Writes captured() bytes.
  void copy_to(std::uint8_t* to) const noexcept {
    std::copy_n(header.data(), header_bytes, to);
    std::copy_n(rest.data(), rest.size(), to + header_bytes);
  }
};

// Nothing for what Ethernet does not carry: other link types, cooked frames of Netlink or 802.11,
// a family that is not IP, a link header that the capture cut. O(1).
[[nodiscard]] std::optional<EthernetForm> ethernet_form(const CapturedFrame& frame,
                                                        wire::MacAddress device) noexcept;

}  // namespace ringbed::gen
