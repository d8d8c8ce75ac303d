// Follows the TCP connections of the device in its connection table. Only the direction towards the
// device is seen (the module taps; the host's stack answers), so the states are those of a tracker,
// not of RFC 9293:
//
//            SYN                 SYN+ACK, or the ACK of the handshake              FIN
//   (none) ------> syn_sent ---------------------------------------> established ------> closing
//                      |                                                  |                 |
//                      +----------------- RST, idle, cleared -------------+     ACK, FIN, RST: gone
//
// A SYN on a closing connection opens it anew. There is no reassembly: each data segment is one
// message, also one that is sent again.
#pragma once

#include "device/connection_table.hpp"
#include "device/packet.hpp"

namespace ringbed::device {

struct Tracked {
  base::Reason reason = base::Reason::none;  // connection_unknown, table_full
  std::uint32_t probes = 0;
  Connection* connection = nullptr;  // null also when the segment ended it
};

// Books one segment. Bounded work: at most two idle connections are expired on the way.
[[nodiscard]] Tracked track_segment(ConnectionTable& table, const Packet& packet,
                                    std::uint64_t hash, std::uint64_t now_ns) noexcept;

}  // namespace ringbed::device
