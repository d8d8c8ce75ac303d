// Builds the request frames of the device's tests, fuzzer and benchmark from the emitters of wire/
// and feed/, and the configurations that they are meant for.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "device/config.hpp"
#include "feed/nanonet.hpp"
#include "wire/ethernet.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::device::testing {

using Bytes = std::vector<std::uint8_t>;

inline IpAddress ip(std::string_view text) {
  IpAddress address;
  if (const auto v4 = wire::parse_ipv4(text)) {
    std::uint8_t wire_bytes[4];
    v4->store(wire_bytes);
    address = IpAddress::from(wire_bytes);
  } else if (const auto v6 = wire::parse_ipv6(text)) {
    address = IpAddress::from(v6->bytes);
  }
  if (address.is_none()) {
    std::abort();  // a test's own literal
  }
  return address;
}

inline wire::Ipv4Address v4(const IpAddress& address) {
  return wire::Ipv4Address::load(address.bytes.data());
}
inline wire::Ipv6Address v6(const IpAddress& address) {
  return wire::Ipv6Address::load(address.bytes.data());
}

inline constexpr wire::MacAddress kClientMac{{0x02, 0, 0, 0, 0, 0x01}};
inline constexpr wire::MacAddress kDeviceMac{{0x02, 0, 0, 0, 0, 0x02}};

// A request, field by field; frame() puts it together with right lengths and checksums.
struct Request {
  wire::MacAddress mac_source = kClientMac;
  wire::MacAddress mac_destination = kDeviceMac;
  std::vector<std::uint16_t> vlans;  // vids
  IpAddress source = ip("10.0.0.1");
  IpAddress destination = ip("10.0.0.2");
  std::uint16_t source_port = 5000;
  std::uint16_t destination_port = 8080;
  std::uint8_t protocol = 17;
  std::uint8_t ttl = 64;
  Bytes ip_options;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;
  bool udp_checksum = true;
  std::uint8_t tcp_flags = wire::tcp_flag::kPsh | wire::tcp_flag::kAck;
  std::uint32_t seq = 1000;
  std::uint32_t ack = 7000;
  Bytes tcp_options;
  Bytes payload = quote();

  static Bytes quote(std::uint32_t price = 9999, std::string_view symbol = "AAPL",
                     feed::ByteOrder order = feed::ByteOrder::big) {
    Bytes bytes(feed::MarketData::kBytes);
    feed::MarketData{feed::Symbol::of(symbol), price, 1000, 123456789}.emit(bytes, order);
    return bytes;
  }

  [[nodiscard]] std::size_t ip_offset() const { return 14 + 4 * vlans.size(); }
  [[nodiscard]] std::size_t transport_offset() const {
    return ip_offset() + (source.is_v6() ? 40 : 20 + ip_options.size());
  }

  [[nodiscard]] Bytes frame() const {
    const bool tcp = protocol == 6;
    const std::size_t header = tcp ? 20 + tcp_options.size() : 8;
    Bytes bytes(transport_offset() + header + payload.size());
    const base::MutableBytes all(bytes);
    const std::uint16_t type = source.is_v6() ? wire::ethertype::kIpv6 : wire::ethertype::kIpv4;
    wire::EthernetRepr{mac_destination, mac_source, vlans.empty() ? type : wire::ethertype::kVlan}
        .emit(all);
    for (std::size_t i = 0; i < vlans.size(); ++i) {
      wire::VlanRepr tag;
      tag.vid = vlans[i];
      tag.pcp = 5;
      tag.type = i + 1 == vlans.size() ? type : wire::ethertype::kVlan;
      tag.emit(all.subspan(14 + 4 * i));
    }
    const base::MutableBytes transport = all.subspan(transport_offset());
    const auto length = static_cast<std::uint16_t>(transport.size());
    wire::PartialSum pseudo;
    if (source.is_v6()) {
      wire::Ipv6Repr repr;
      repr.src = v6(source);
      repr.dst = v6(destination);
      repr.next_header = protocol;
      repr.payload_bytes = length;
      repr.hop_limit = ttl;
      repr.emit(all.subspan(ip_offset()));
      pseudo = wire::pseudo_sum(repr.src, repr.dst, protocol, length);
    } else {
      wire::Ipv4Repr repr;
      repr.src = v4(source);
      repr.dst = v4(destination);
      repr.protocol = protocol;
      repr.payload_bytes = length;
      repr.ttl = ttl;
      repr.options = ip_options;
      repr.df = false;
      repr.mf = more_fragments;
      repr.fragment_offset = fragment_offset;
      repr.emit(all.subspan(ip_offset()));
      pseudo = wire::pseudo_sum(repr.src, repr.dst, protocol, length);
    }
    std::copy(payload.begin(), payload.end(), transport.begin() + static_cast<long>(header));
    if (tcp) {
      wire::TcpRepr repr;
      repr.src_port = source_port;
      repr.dst_port = destination_port;
      repr.seq = seq;
      repr.ack = ack;
      repr.flags = tcp_flags;
      repr.options = tcp_options;
      repr.emit(transport, pseudo);
    } else if (protocol == 17) {
      const wire::UdpRepr repr{source_port, destination_port};
      udp_checksum ? repr.emit(transport, pseudo) : repr.emit_unsummed(transport);
    }
    return bytes;
  }
};

// The device of most tests: 10.0.0.2:8080 over UDP, answers to 10.0.0.9:9999.
inline DeviceConfig unicast_config() {
  DeviceConfig config;
  config.address = {kDeviceMac, ip("10.0.0.2"), 0};
  config.target = {kDeviceMac, ip("10.0.0.2"), 8080};
  config.respond_to = {{}, ip("10.0.0.9"), 9999};
  return config;
}

inline DeviceConfig tcp_config() {
  DeviceConfig config = unicast_config();
  config.protocol = 6;
  config.respond_to = {};
  return config;
}

}  // namespace ringbed::device::testing
