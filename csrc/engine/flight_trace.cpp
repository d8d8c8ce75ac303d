#include "engine/flight_trace.hpp"

#include <bit>

#include "engine/flight_log.hpp"
#include "wire/ethernet.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::engine {

namespace {

// A hash over values one after another.
class Mix {
 public:
  Mix& add(std::uint64_t value) noexcept {
    using Bytes = std::array<std::uint8_t, 16>;
    value_ = flight_hash(std::bit_cast<Bytes>(std::array<std::uint64_t, 2>{value_, value}));
    return *this;
  }
  Mix& add(base::ByteView bytes) noexcept { return add(flight_hash(bytes)); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// Whatever the network header carries, for the protocols that have ports.
FlightTrace transport_trace(std::uint8_t protocol, wire::Extent bytes, bool first,
                            Mix path) noexcept {
  Mix message;
  message.add(protocol);
  if (first && protocol == wire::ip_protocol::kUdp) {
    if (const auto udp = wire::UdpView::parse(bytes)) {
      return {message.add(udp->payload()).value(),
              path.add(udp->src_port()).add(udp->dst_port()).value()};
    }
  }
  if (first && protocol == wire::ip_protocol::kTcp) {
    if (const auto tcp = wire::TcpView::parse(bytes)) {
      message.add(tcp->seq()).add(tcp->ack()).add(tcp->flags()).add(tcp->payload());
      path.add(tcp->src_port()).add(tcp->dst_port()).add(tcp->seq()).add(tcp->flags());
      return {message.value(), path.value()};
    }
  }
  return {message.add(bytes.bytes).value(), path.value()};
}

}  // namespace

FlightTrace flight_trace(base::ByteView frame) noexcept {
  using wire::Ethernet;
  if (frame.size() < Ethernet::kHeaderBytes) {
    return {flight_hash(frame), flight_hash(frame)};
  }
  auto type = base::load_be<std::uint16_t>(frame.data() + Ethernet::kType);
  base::ByteView rest = frame.subspan(Ethernet::kHeaderBytes);
  while (wire::is_vlan_type(type) && rest.size() >= wire::Vlan::kHeaderBytes) {
    type = base::load_be<std::uint16_t>(rest.data() + wire::Vlan::kType);
    rest = rest.subspan(wire::Vlan::kHeaderBytes);
  }
  if (type == wire::ethertype::kIpv4) {
    if (const auto packet = wire::Ipv4View::parse(rest)) {
      Mix path;
      path.add(packet->src().value).add(packet->dst().value).add(packet->protocol());
      path.add(packet->identification()).add(packet->fragment_offset());
      return transport_trace(packet->protocol(), packet->payload_extent(),
                             packet->fragment_offset() == 0, path);
    }
  }
  if (type == wire::ethertype::kIpv6) {
    if (const auto packet = wire::Ipv6View::parse(rest)) {
      const wire::Ipv6Transport transport = wire::find_transport(*packet);
      Mix path;
      path.add(rest.subspan(wire::Ipv6::kSrc, 32)).add(transport.protocol);
      return transport_trace(transport.protocol, transport.payload,
                             transport.reason == base::Reason::none && transport.first, path);
    }
  }
  const base::ByteView addresses = frame.first(Ethernet::kType);
  return {Mix().add(rest).value(), Mix().add(addresses).add(type).value()};
}

}  // namespace ringbed::engine
