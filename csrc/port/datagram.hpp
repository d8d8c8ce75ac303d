// The headers around a UDP datagram over IP (RFC 791, RFC 8200, RFC 768), as little as kernel
// sockets need: a socket moves payloads, a port moves frames. Sending takes the headers off,
// receiving writes them anew from what the kernel tells. The full protocols are wire/'s, a layer
// that ports do not see.
//
//   | Ethernet 14 | IPv4 20 (read: 20..60) or IPv6 40 | UDP 8 | payload |
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "port/net_address.hpp"

namespace ringbed::port {

// Ports in host order.
struct Datagram {
  NetAddress source;
  NetAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t ttl = 0;          // IPv6: hop limit
  std::uint8_t tos = 0;          // IPv6: traffic class
  std::uint32_t payload_at = 0;  // in the frame
  std::uint32_t payload_bytes = 0;
};

// In front of a payload, where they are written.
[[nodiscard]] constexpr std::uint32_t datagram_header_bytes(bool v6) noexcept {
  return 14 + (v6 ? 40U : 20U) + 8;
}

// False: not one whole, untagged UDP datagram, right behind its IP header. Checksums are the
// stack's business.
[[nodiscard]] bool read_datagram(base::ByteView frame, Datagram& found) noexcept;

// Writes the headers in front of a payload that lies at frame + datagram_header_bytes(); returns
// the length of the frame. The UDP checksum over IPv4 is 0, "none" (RFC 768): the kernel has judged
// the wire's. IPv6 knows no such thing: there it is computed.
std::uint32_t write_headers(std::uint8_t* frame, const Datagram& datagram,
                            const std::array<std::uint8_t, 6>& to,
                            const std::array<std::uint8_t, 6>& from) noexcept;

}  // namespace ringbed::port
