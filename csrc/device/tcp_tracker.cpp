#include "device/tcp_tracker.hpp"

#include "wire/tcp.hpp"

namespace ringbed::device {

using base::Reason;

namespace {

// As many as one packet can insert, and one more: expiry keeps ahead of any flood.
constexpr std::uint32_t kExpireBudget = 2;

// Sequence numbers wrap (RFC 9293 section 3.4).
bool is_after(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) > 0;
}

Tracked open(ConnectionTable& table, const Packet& packet, std::uint64_t now_ns, Tracked tracked) {
  if (tracked.connection == nullptr) {
    tracked.connection = table.insert(packet.key, now_ns);
    if (tracked.connection == nullptr) {
      tracked.reason = Reason::table_full;
      return tracked;
    }
  } else if (tracked.connection->state == TcpState::closing) {
    table.set_state(*tracked.connection, TcpState::syn_sent, now_ns);
  } else {
    table.touch(*tracked.connection, now_ns);  // a SYN sent again changes nothing (RFC 5961)
    return tracked;
  }
  tracked.connection->next_seq = packet.tcp_seq + 1;
  tracked.connection->next_ack = 0;
  return tracked;
}

// Books sequence and acknowledgement numbers.
void note_numbers(Connection& connection, const Packet& packet) noexcept {
  using namespace wire::tcp_flag;
  const std::uint32_t control = (packet.tcp_flags & (kSyn | kFin)) != 0 ? 1 : 0;
  connection.next_seq =
      packet.tcp_seq + static_cast<std::uint32_t>(packet.payload.size()) + control;
  const bool first = connection.state == TcpState::syn_sent;
  if ((packet.tcp_flags & kAck) != 0 && (first || is_after(packet.tcp_ack, connection.next_ack))) {
    connection.next_ack = packet.tcp_ack;
  }
}

}  // namespace

Tracked track_segment(ConnectionTable& table, const Packet& packet, std::uint64_t hash,
                      std::uint64_t now_ns) noexcept {
  using namespace wire::tcp_flag;
  table.expire_due(now_ns, kExpireBudget);
  const Found found = table.find(packet.key, hash, now_ns);
  Tracked tracked{Reason::none, found.probes, found.connection};

  const std::uint8_t flags = packet.tcp_flags;
  if ((flags & kSyn) != 0 && (flags & kAck) == 0) {
    return open(table, packet, now_ns, tracked);
  }
  if (tracked.connection == nullptr) {
    tracked.reason = Reason::connection_unknown;
    return tracked;
  }
  Connection& connection = *tracked.connection;
  const bool closing = connection.state == TcpState::closing;
  if ((flags & kRst) != 0 || (closing && packet.payload.empty())) {
    table.close(connection);
    tracked.connection = nullptr;
    return tracked;
  }
  if (closing) {  // data behind the FIN
    tracked.reason = Reason::connection_unknown;
    return tracked;
  }
  note_numbers(connection, packet);
  if ((flags & kFin) != 0) {
    table.set_state(connection, TcpState::closing, now_ns);
  } else if (connection.state == TcpState::syn_sent && (flags & kAck) != 0) {
    table.set_state(connection, TcpState::established, now_ns);
  } else {
    table.touch(connection, now_ns);
  }
  return tracked;
}

}  // namespace ringbed::device
