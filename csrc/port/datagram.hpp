// The headers around a UDP datagram over IPv4 (RFC 791, RFC 768), as little as kernel sockets need:
// a socket moves payloads, a port moves frames. Sending takes the headers off, receiving writes
// them anew from what the kernel tells. The full protocols are wire/'s, a layer that ports do not
// see.
//
//   | Ethernet 14 | IPv4 20 (read: 20..60) | UDP 8 | payload |
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace ringbed::port {

inline constexpr std::uint32_t kDatagramHeaderBytes = 14 + 20 + 8;

// Addresses and ports in host order.
struct Datagram {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t ttl = 0;
  std::uint8_t tos = 0;
  std::uint32_t payload_at = 0;  // in the frame
  std::uint32_t payload_bytes = 0;
};

[[nodiscard]] constexpr bool is_group(std::uint32_t address) noexcept {
  return (address & 0xf0000000U) == 0xe0000000U;
}

[[nodiscard]] inline std::string text_of(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string(address >> shift & 0xffU) + (shift == 0 ? "" : ".");
  }
  return text;
}

// False: not one whole, untagged UDP datagram over IPv4. Checksums are the stack's business.
[[nodiscard]] inline bool read_datagram(base::ByteView frame, Datagram& found) noexcept {
  constexpr std::uint16_t kIpv4 = 0x0800;
  constexpr std::uint8_t kUdp = 17;
  if (frame.size() < kDatagramHeaderBytes ||
      base::load_be<std::uint16_t>(frame.data() + 12) != kIpv4 || (frame[14] >> 4) != 4) {
    return false;
  }
  const std::uint8_t* const ip = frame.data() + 14;
  const std::uint32_t header = (ip[0] & 0xfU) * 4;
  const std::uint32_t total = base::load_be<std::uint16_t>(ip + 2);
  const bool fragment = (base::load_be<std::uint16_t>(ip + 6) & 0x3fffU) != 0;
  if (header < 20 || total < header + 8 || 14 + total > frame.size() || fragment || ip[9] != kUdp) {
    return false;
  }
  const std::uint8_t* const udp = ip + header;
  const std::uint32_t length = base::load_be<std::uint16_t>(udp + 4);
  if (length < 8 || header + length > total) {
    return false;
  }
  found = {base::load_be<std::uint32_t>(ip + 12),
           base::load_be<std::uint32_t>(ip + 16),
           base::load_be<std::uint16_t>(udp),
           base::load_be<std::uint16_t>(udp + 2),
           ip[8],
           ip[1],
           14 + header + 8,
           length - 8};
  return true;
}

// Writes the headers in front of a payload that lies at frame + kDatagramHeaderBytes; returns the
// length of the frame. The UDP checksum is 0, "none" (RFC 768): the kernel has judged the wire's.
inline std::uint32_t write_headers(std::uint8_t* frame, const Datagram& datagram,
                                   const std::array<std::uint8_t, 6>& to,
                                   const std::array<std::uint8_t, 6>& from) noexcept {
  const auto length = static_cast<std::uint16_t>(8 + datagram.payload_bytes);
  if (is_group(datagram.destination)) {  // RFC 1112, 6.4
    base::store_be(frame, std::uint32_t{0x01005e00} | (datagram.destination >> 16 & 0x7fU));
    base::store_be(frame + 4, static_cast<std::uint16_t>(datagram.destination));
  } else {
    std::copy(to.begin(), to.end(), frame);
  }
  std::copy(from.begin(), from.end(), frame + 6);
  base::store_be(frame + 12, std::uint16_t{0x0800});
  std::uint8_t* const ip = frame + 14;
  ip[0] = 0x45;
  ip[1] = datagram.tos;
  base::store_be(ip + 2, static_cast<std::uint16_t>(20 + length));
  base::store_be(ip + 4, std::uint32_t{0x4000});  // identification 0, don't fragment (RFC 6864)
  ip[8] = datagram.ttl;
  ip[9] = 17;
  base::store_be(ip + 10, std::uint16_t{0});
  base::store_be(ip + 12, datagram.source);
  base::store_be(ip + 16, datagram.destination);
  std::uint32_t sum = 0;
  for (int at = 0; at < 20; at += 2) {
    sum += base::load_be<std::uint16_t>(ip + at);
  }
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  base::store_be(ip + 10, static_cast<std::uint16_t>(~sum));
  std::uint8_t* const udp = ip + 20;
  base::store_be(udp, datagram.source_port);
  base::store_be(udp + 2, datagram.destination_port);
  base::store_be(udp + 4, length);
  base::store_be(udp + 6, std::uint16_t{0});
  return kDatagramHeaderBytes + datagram.payload_bytes;
}

}  // namespace ringbed::port
