// One tracked connection and the key it is found by. A connection fills one cache line, and an
// IPv4 key is compared with two 64-bit words of it; IPv6 needs three more.
//
//   0        4        8        12            16                40       48       56   60   64
//   | source | destin.| ports  | prot,family | upper 96 bits x2 | last   | seq ack|st..|
//   |<------------- IPv4 key -------------->|<--- IPv6 only --->| seen   |
#pragma once

#include <array>
#include <cstdint>

#include "base/endian.hpp"
#include "device/config.hpp"

namespace ringbed::device {

// Connections are numbered by their place in the table.
inline constexpr std::uint32_t kNoConnection = UINT32_MAX;
// An index's candidate() could not tell: find() can.
inline constexpr std::uint32_t kLookOn = kNoConnection - 1;

// Addresses, ports and protocol of a packet as it came in. Words are host order.
struct ConnectionKey {
  std::uint32_t source = 0;  // IPv4 address, or the last 32 bits of an IPv6 address
  std::uint32_t destination = 0;
  std::uint32_t ports = 0;               // source port << 16 | destination port
  std::uint32_t kind = 0;                // family (4 or 6) << 8 | protocol
  std::array<std::uint64_t, 3> upper{};  // the other 96 bits of each IPv6 address; zero for IPv4

  [[nodiscard]] bool is_v6() const noexcept { return (kind >> 8) == 6; }

  [[nodiscard]] static ConnectionKey v4(std::uint32_t source, std::uint32_t destination,
                                        std::uint16_t source_port, std::uint16_t destination_port,
                                        std::uint8_t protocol) noexcept {
    return {source,
            destination,
            static_cast<std::uint32_t>(source_port) << 16 | destination_port,
            0x400U | protocol,
            {}};
  }

  // source and destination: 16 wire bytes each.
  [[nodiscard]] static ConnectionKey v6(const std::uint8_t* source, const std::uint8_t* destination,
                                        std::uint16_t source_port, std::uint16_t destination_port,
                                        std::uint8_t protocol) noexcept {
    const auto tail = static_cast<std::uint64_t>(base::load_be<std::uint32_t>(source + 8)) << 32 |
                      base::load_be<std::uint32_t>(destination + 8);
    return {
        base::load_be<std::uint32_t>(source + 12),
        base::load_be<std::uint32_t>(destination + 12),
        static_cast<std::uint32_t>(source_port) << 16 | destination_port,
        0x600U | protocol,
        {base::load_be<std::uint64_t>(source), base::load_be<std::uint64_t>(destination), tail}};
  }

  friend bool operator==(const ConnectionKey& a, const ConnectionKey& b) noexcept {
    const std::uint32_t head = (a.source ^ b.source) | (a.destination ^ b.destination) |
                               (a.ports ^ b.ports) | (a.kind ^ b.kind);
    return head == 0 && (!a.is_v6() || a.upper == b.upper);
  }
  friend auto operator<=>(const ConnectionKey&, const ConnectionKey&) = default;
};
static_assert(sizeof(ConnectionKey) == 40);

enum class TcpState : std::uint8_t {
  syn_sent,     // SYN seen: embryonic, the first to be evicted
  established,  // SYN+ACK, or the ACK that completes a handshake, seen
  closing,      // FIN seen: counted as closed, kept only for the last ACK, gives way to anybody
};

struct alignas(64) Connection {
  ConnectionKey key;
  std::uint64_t last_seen_ns = 0;
  std::uint32_t next_seq = 0;  // what the peer sends next (RFC 9293: RCV.NXT)
  std::uint32_t next_ack = 0;  // what we send next (SND.NXT)
  TcpState state = TcpState::syn_sent;
};
static_assert(sizeof(Connection) == 64);

}  // namespace ringbed::device
