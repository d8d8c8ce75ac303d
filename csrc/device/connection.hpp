// One tracked connection and the key it is found by. A connection fills one cache line, and an
// IPv4 key is made of, hashed and compared as two 64-bit words of it; IPv6 needs three more.
//
//   0                 8                          16                40       48       56   60   64
//   | source, destin. | ports, family, protocol | upper 96 bits x2 | last   | seq ack|st..|
//   |<--------------- IPv4 key ---------------->|<--- IPv6 only -->| seen   |
#pragma once

#include <cstdint>

#include "base/endian.hpp"
#include "device/config.hpp"

namespace ringbed::device {

// Connections are numbered by their place in the table.
inline constexpr std::uint32_t kNoConnection = UINT32_MAX;
// An index's candidate() could not tell: find() can.
inline constexpr std::uint32_t kLookOn = kNoConnection - 1;

// Addresses, ports and protocol of a packet as it came in. Values are host order. Plain words and
// no array: GCC then builds a key in registers, where it would else write it to the stack in parts
// and wait to read it back whole.
struct ConnectionKey {
  // source << 32 | destination: the IPv4 addresses, or the last 32 bits of the IPv6 ones.
  std::uint64_t addresses = 0;
  // source port << 48 | destination port << 32 | family (4 or 6) << 8 | protocol
  std::uint64_t flow = 0;
  // Of IPv6 addresses; zero for IPv4.
  std::uint64_t source_top = 0;       // the first 64 bits
  std::uint64_t destination_top = 0;  // the first 64 bits
  std::uint64_t middles = 0;          // bits 64 to 95: source << 32 | destination

  [[nodiscard]] std::uint32_t source() const noexcept {
    return static_cast<std::uint32_t>(addresses >> 32);
  }
  [[nodiscard]] std::uint32_t destination() const noexcept {
    return static_cast<std::uint32_t>(addresses);
  }
  // source port << 16 | destination port
  [[nodiscard]] std::uint32_t ports() const noexcept {
    return static_cast<std::uint32_t>(flow >> 32);
  }
  [[nodiscard]] bool is_v6() const noexcept { return (flow >> 8 & 0xff) == 6; }

  [[nodiscard]] bool same_upper(const ConnectionKey& other) const noexcept {
    return ((source_top ^ other.source_top) | (destination_top ^ other.destination_top) |
            (middles ^ other.middles)) == 0;
  }

  [[nodiscard]] static ConnectionKey v4(std::uint32_t source, std::uint32_t destination,
                                        std::uint32_t ports, std::uint8_t protocol) noexcept {
    return {pair(source, destination), pair(ports, 0x400U | protocol), 0, 0, 0};
  }
  [[nodiscard]] static ConnectionKey v4(std::uint32_t source, std::uint32_t destination,
                                        std::uint16_t source_port, std::uint16_t destination_port,
                                        std::uint8_t protocol) noexcept {
    return v4(source, destination, ports_of(source_port, destination_port), protocol);
  }

  // source and destination: 16 wire bytes each.
  [[nodiscard]] static ConnectionKey v6(const std::uint8_t* source, const std::uint8_t* destination,
                                        std::uint16_t source_port, std::uint16_t destination_port,
                                        std::uint8_t protocol) noexcept {
    return {pair(base::load_be<std::uint32_t>(source + 12),
                 base::load_be<std::uint32_t>(destination + 12)),
            pair(ports_of(source_port, destination_port), 0x600U | protocol),
            base::load_be<std::uint64_t>(source), base::load_be<std::uint64_t>(destination),
            pair(base::load_be<std::uint32_t>(source + 8),
                 base::load_be<std::uint32_t>(destination + 8))};
  }

  friend bool operator==(const ConnectionKey& a, const ConnectionKey& b) noexcept {
    return ((a.addresses ^ b.addresses) | (a.flow ^ b.flow)) == 0 &&
           (!a.is_v6() || a.same_upper(b));
  }
  friend auto operator<=>(const ConnectionKey&, const ConnectionKey&) = default;

 private:
  [[nodiscard]] static std::uint64_t pair(std::uint32_t high, std::uint32_t low) noexcept {
    return static_cast<std::uint64_t>(high) << 32 | low;
  }
  [[nodiscard]] static std::uint32_t ports_of(std::uint16_t source, std::uint16_t destination) {
    return static_cast<std::uint32_t>(source) << 16 | destination;
  }
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
