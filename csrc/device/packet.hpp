// The front half of the nanonet device: from the bytes of a frame to a packet that is for us, a
// bypass, or a named drop. It has no state but its configuration and changes nothing.
//
// Order of judgement (the published path parses, validates, then matches):
//   parse     Ethernet, VLAN tags, IP header with its checksum: any fault is a drop, for us or not.
//             Other EtherTypes are bypassed. The transport header is looked at only if address and
//             protocol are ours, its checksum only if the port is ours too: a packet that goes on
//             to the host costs no more than its headers, and the host judges the rest.
//   validate  source address and TTL (all packets), fragments and TCP flags (ours)
//   match     bypass what is not ours
//
// Nearly all frames are plain: no VLAN tag, IPv4 without options, nothing wrong, for our first
// address. parse_plain() recognises those at fixed offsets and takes no other; all the rest, and
// every verdict but "goes on", come from the checked views. A test holds the two to each other.
#pragma once

#include <vector>

#include "base/reasons.hpp"
#include "device/config.hpp"
#include "device/connection.hpp"
#include "device/device.hpp"
#include "wire/checksum.hpp"

namespace ringbed::device {

// A packet that is for us. Offsets count from the start of the frame.
struct Packet {
  base::ByteView frame;
  std::uint16_t ip_offset = 0;  // behind Ethernet and VLAN tags
  bool to_group = false;
  std::uint8_t tcp_flags = 0;
  std::uint32_t tcp_seq = 0;
  std::uint32_t tcp_ack = 0;
  base::ByteView payload;
  ConnectionKey key;

  [[nodiscard]] bool is_v6() const noexcept { return key.is_v6(); }
};

// Where a frame's way through the front half ended. outcome `processed`: it goes on, `stage` is
// match. Else bypassed or dropped, as in Verdict.
struct Fate {
  Outcome outcome = Outcome::processed;
  base::Stage stage = base::Stage::match;
  base::Reason reason = base::Reason::none;
};

class PacketParser {
 public:
  static constexpr std::size_t kMaxVlanTags = 2;

  // config has passed check_device_config().
  explicit PacketParser(const DeviceConfig& config);

  // Fills `packet` in if the fate is `processed`. Reads nothing outside `frame`.
  [[nodiscard]] Fate parse(base::ByteView frame, Packet& packet) const noexcept {
    return parse_plain(frame, packet) ? Fate{} : parse_any(frame, packet);
  }

  // The two halves of parse(). True: the packet goes on. False: nobody knows yet.
  [[nodiscard]] bool parse_plain(base::ByteView frame, Packet& packet) const noexcept;
  [[nodiscard]] Fate parse_any(base::ByteView frame, Packet& packet) const noexcept;

 private:
  struct Network;

  [[nodiscard]] Fate parse_ip(base::ByteView frame, std::size_t offset, std::uint16_t type,
                              Packet& packet) const noexcept;
  [[nodiscard]] Fate parse_v4(base::ByteView packet_bytes, Network& network) const noexcept;
  [[nodiscard]] Fate parse_v6(base::ByteView packet_bytes, Network& network) const noexcept;
  [[nodiscard]] Fate parse_udp(Network& network, Packet& packet) const noexcept;
  [[nodiscard]] Fate parse_tcp(Network& network, Packet& packet) const noexcept;
  [[nodiscard]] base::Reason judge_wrong(std::uint16_t field, wire::PartialSum pseudo,
                                         base::Reason wrong) const noexcept;
  [[nodiscard]] bool accepts_v4(std::uint32_t destination) const noexcept;
  [[nodiscard]] bool accepts_v6(const std::uint8_t* destination) const noexcept;

  std::uint32_t plain_address_ = 0;  // the first of v4_; 0, which no plain packet has: none
  std::vector<std::uint32_t> v4_;    // addresses that we answer to, sorted
  std::vector<std::array<std::uint8_t, 16>> v6_;
  std::uint16_t port_;
  std::uint8_t protocol_;
  bool verify_checksums_;
  bool partial_checksums_;
};

}  // namespace ringbed::device
