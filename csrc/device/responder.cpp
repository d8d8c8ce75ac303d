#include "device/responder.hpp"

#include <bit>
#include <cstring>

#include "wire/ethernet.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"

namespace ringbed::device {

namespace {

constexpr std::size_t kMessageBytes = feed::TradingOrder::kBytes;

// So that no response needs padding.
static_assert(wire::Ethernet::kHeaderBytes + wire::Ipv4::kHeaderBytes + wire::Udp::kHeaderBytes +
                  kMessageBytes >=
              wire::Ethernet::kMinFrameBytes);

wire::PartialSum word32(const std::uint8_t* from) noexcept {
  return wire::PartialSum(base::load_native<std::uint32_t>(from));
}

}  // namespace

Responder::Responder(const DeviceConfig& config)
    : v4_(make_template(false, config.protocol)),
      v6_(make_template(true, config.protocol)),
      own_mac_(config.address.mac),
      own_ip_(config.address.ip),
      respond_to_(config.respond_to),
      fixed_mac_(config.respond_to.mac != wire::MacAddress{}),
      tcp_(config.protocol == wire::ip_protocol::kTcp),
      order_(config.little_endian ? feed::ByteOrder::little : feed::ByteOrder::big) {}

Responder::Template Responder::make_template(bool v6, std::uint8_t protocol) {
  const bool tcp = protocol == wire::ip_protocol::kTcp;
  const std::size_t transport_header = tcp ? wire::Tcp::kHeaderBytes : wire::Udp::kHeaderBytes;
  const auto transport_bytes = static_cast<std::uint16_t>(transport_header + kMessageBytes);
  Template result;
  base::MutableBytes bytes = result.bytes;
  if (v6) {
    result.transport_offset = wire::Ipv6::kHeaderBytes;
    wire::Ipv6Repr ip;
    ip.next_header = protocol;
    ip.payload_bytes = transport_bytes;
    ip.emit(bytes);
  } else {
    result.transport_offset = wire::Ipv4::kHeaderBytes;
    wire::Ipv4Repr ip;  // DF, TTL 64
    ip.protocol = protocol;
    ip.payload_bytes = transport_bytes;
    ip.emit(bytes);
    base::store_be(result.bytes.data() + wire::Ipv4::kChecksum, std::uint16_t{0});
    result.ip_sum = wire::sum(bytes.first(wire::Ipv4::kHeaderBytes));
  }
  result.message_offset = result.transport_offset + static_cast<std::uint32_t>(transport_header);

  std::uint8_t* const transport = result.bytes.data() + result.transport_offset;
  if (tcp) {
    wire::TcpRepr header;
    header.flags = wire::tcp_flag::kPsh | wire::tcp_flag::kAck;
    header.emit(bytes.subspan(result.transport_offset, transport_header), {});
    base::store_be(transport + wire::Tcp::kChecksum, std::uint16_t{0});
  } else {
    base::store_be(transport + wire::Udp::kLength, transport_bytes);
  }
  result.transport_sum = wire::sum({transport, transport_header});
  result.transport_sum.add_word(protocol);
  result.transport_sum.add_word(transport_bytes);
  return result;
}

inline void Responder::write_ethernet(std::uint8_t* to, const Packet& packet) const noexcept {
  const std::uint8_t* const request = packet.frame.data();
  // Types and tags as they came; 10 bytes are always there, and what is too much is overwritten.
  std::memcpy(to + wire::Ethernet::kType, request + wire::Ethernet::kType, 10);
  std::memcpy(to + wire::Ethernet::kDst,
              fixed_mac_ ? respond_to_.mac.bytes.data() : request + wire::Ethernet::kSrc, 6);
  std::memcpy(to + wire::Ethernet::kSrc,
              packet.to_group ? own_mac_.bytes.data() : request + wire::Ethernet::kDst, 6);
}

// Returns what the addresses add to the transport's sum.
inline wire::PartialSum Responder::write_v4_addresses(std::uint8_t* ip,
                                                      const Packet& packet) noexcept {
  const std::uint8_t* const request = packet.frame.data() + packet.ip_offset;
  const std::uint8_t* const source =
      packet.to_group ? own_ip_.bytes.data() : request + wire::Ipv4::kDst;
  const std::uint8_t* const destination =
      respond_to_.ip.is_none() ? request + wire::Ipv4::kSrc : respond_to_.ip.bytes.data();
  wire::PartialSum addresses = word32(source);
  addresses.add(word32(destination));
  std::memcpy(ip + wire::Ipv4::kSrc, source, 4);
  std::memcpy(ip + wire::Ipv4::kDst, destination, 4);

  wire::PartialSum header = v4_.ip_sum;
  header.add(addresses);
  header.add_word(++identification_);
  base::store_be(ip + wire::Ipv4::kIdentification, identification_);
  base::store_be(ip + wire::Ipv4::kChecksum, header.finish());
  return addresses;
}

wire::PartialSum Responder::write_v6_addresses(std::uint8_t* ip,
                                               const Packet& packet) const noexcept {
  const std::uint8_t* const request = packet.frame.data() + packet.ip_offset;
  const std::uint8_t* const source =
      packet.to_group ? own_ip_.bytes.data() : request + wire::Ipv6::kDst;
  const std::uint8_t* const destination =
      respond_to_.ip.is_none() ? request + wire::Ipv6::kSrc : respond_to_.ip.bytes.data();
  std::memcpy(ip + wire::Ipv6::kSrc, source, 16);
  std::memcpy(ip + wire::Ipv6::kDst, destination, 16);
  wire::PartialSum addresses = wire::sum({source, 16});
  addresses.add(wire::sum({destination, 16}));
  return addresses;
}

// Writes the order and returns its sum, as 16-bit words from an even offset. Every field goes from
// memory to memory through one register of its own size: copying two 8-byte stores with one 16-byte
// load would wait for both to leave the store buffer.
inline wire::PartialSum Responder::write_message(std::uint8_t* to,
                                                 const feed::TradingOrder& order) const noexcept {
  using Layout = feed::TradingOrder;
  static_assert(Layout::kSymbol == 0 && Layout::kPrice == 8 && Layout::kQuantity == 12 &&
                Layout::kSide == 16 && Layout::kTimestamp == 17 && Layout::kClOrdId == 25);
  const auto in_order = [big = order_ == feed::ByteOrder::big](auto value) {
    const bool swap = big == (std::endian::native == std::endian::little);
    return swap ? base::byte_swap(value) : value;
  };
  const auto symbol = std::bit_cast<std::uint64_t>(order.symbol.text);
  const std::uint32_t price = in_order(order.price_cents);
  const std::uint32_t quantity = in_order(order.quantity);
  const std::uint64_t timestamp = in_order(order.timestamp_ns);
  const auto id_head = base::load_native<std::uint64_t>(order.cl_ord_id.data());
  const auto id_tail = base::load_native<std::uint64_t>(order.cl_ord_id.data() + 8);
  base::store_native(to + Layout::kSymbol, symbol);
  base::store_native(to + Layout::kPrice, price);
  base::store_native(to + Layout::kQuantity, quantity);
  to[Layout::kSide] = static_cast<std::uint8_t>(order.side);
  base::store_native(to + Layout::kTimestamp, timestamp);
  base::store_native(to + Layout::kClOrdId, id_head);
  base::store_native(to + Layout::kClOrdId + 8, id_tail);

  wire::PartialSum sum(symbol);
  sum.add_raw(std::uint64_t{price} + quantity);
  // The side is the first half of a 16-bit word; what follows it begins at an odd offset.
  sum.add_word(static_cast<std::uint16_t>(static_cast<unsigned>(order.side) << 8));
  wire::PartialSum odd(timestamp);
  odd.add_raw(id_head);
  odd.add_raw(id_tail);
  sum.add_at_odd(odd);
  return sum;
}

void Responder::respond(std::uint8_t* to, const Packet& packet, const feed::TradingOrder& order,
                        Connection* connection) noexcept {
  write_ethernet(to, packet);
  const bool v6 = packet.is_v6();
  const Template& from = v6 ? v6_ : v4_;
  std::uint8_t* const ip = to + packet.ip_offset;
  std::uint8_t* const transport = ip + from.transport_offset;
  std::memcpy(ip, from.bytes.data(), from.bytes.size());

  wire::PartialSum sum = from.transport_sum;
  sum.add(v6 ? write_v6_addresses(ip, packet) : write_v4_addresses(ip, packet));

  const auto source_port = static_cast<std::uint16_t>(packet.key.ports());
  const auto destination_port = respond_to_.port != 0
                                    ? respond_to_.port
                                    : static_cast<std::uint16_t>(packet.key.ports() >> 16);
  base::store_be(transport, source_port);
  base::store_be(transport + 2, destination_port);
  sum.add_word(source_port);
  sum.add_word(destination_port);
  sum.add(write_message(ip + from.message_offset, order));

  if (tcp_) {
    std::uint8_t numbers[8];
    base::store_be(numbers, connection->next_ack);
    base::store_be(numbers + 4, connection->next_seq);
    std::memcpy(transport + wire::Tcp::kSeq, numbers, sizeof numbers);
    sum.add(word32(numbers));
    sum.add(word32(numbers + 4));
    base::store_be(transport + wire::Tcp::kChecksum, sum.finish());
    connection->next_ack += static_cast<std::uint32_t>(kMessageBytes);
  } else {
    const std::uint16_t checksum = sum.finish();
    base::store_be(transport + wire::Udp::kChecksum,
                   checksum == 0 ? std::uint16_t{0xffff} : checksum);
  }
}

}  // namespace ringbed::device
