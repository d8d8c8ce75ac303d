#include "gen/frame_shape.hpp"

#include <algorithm>
#include <bit>

#include "gen/stream_checks.hpp"
#include "wire/ethernet.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/protocols.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::gen {

namespace {

constexpr std::uint64_t kAll = ~0ULL;

// Where the field's bits are in a header that begins at `header_at`.
Slot place(const wire::FieldSpec& field, std::size_t header_at) {
  Slot slot;
  slot.at = static_cast<std::uint16_t>(header_at + field.offset_bytes());
  slot.bytes = static_cast<std::uint8_t>(field.end_bytes() - field.offset_bytes());
  slot.shift = static_cast<std::uint8_t>((8U - (field.offset_bits + field.bits) % 8U) % 8U);
  slot.partial = field.offset_bits % 8 != 0 || field.bits % 8 != 0;
  slot.value_mask = field.bits >= 64 ? kAll : (1ULL << field.bits) - 1;
  slot.rotate = slot.at % 2 == 0 ? 0 : 8;
  slot.unit = field.unit;
  const bool moved = std::has_single_bit(slot.bytes) && slot.bytes <= 8;  // by one store
  slot.whole = moved && !slot.partial && slot.unit == 1 ? slot.bytes : std::uint8_t{0};
  return slot;
}

std::string settable_names(std::span<const wire::FieldSpec> fields) {
  std::string names;
  for (const auto& field : fields) {
    if (field.settable) {
      names += (names.empty() ? "" : ", ") + std::string(field.name);
    }
  }
  return names;
}

}  // namespace

FrameShape::FrameShape(const StreamSpec& spec)
    : ipv6(spec.from.ip.size() == 16),
      tcp(spec.kind != StreamSpec::Kind::udp),
      vlans(static_cast<std::uint16_t>(spec.vlans.size())) {
  network_at = static_cast<std::uint16_t>(wire::Ethernet::kHeaderBytes +
                                          spec.vlans.size() * wire::Vlan::kHeaderBytes);
  transport_at = static_cast<std::uint16_t>(
      network_at + (ipv6 ? wire::Ipv6::kHeaderBytes : wire::Ipv4::kHeaderBytes));
  payload_at = static_cast<std::uint16_t>(
      transport_at + (tcp ? wire::Tcp::kHeaderBytes : wire::Udp::kHeaderBytes));
}

base::Result<FieldPlace> FrameShape::header_field(const std::string& path,
                                                  const std::string& where) const {
  const std::string protocol = path.substr(0, path.find('.'));
  const char* network = ipv6 ? "ipv6" : "ipv4";
  const char* transport = tcp ? "tcp" : "udp";
  std::string present = "ethernet, ";
  present += vlans != 0 ? "vlan, " : "";
  present += std::string(network) + " and " + transport;
  const auto row = wire::find_protocol(protocol);
  const bool here = protocol == "ethernet" || (protocol == "vlan" && vlans != 0) ||
                    protocol == network || protocol == transport;
  if (!row || !here) {
    return invalid(where, "no header `" + protocol + "` in the frames of this stream",
                   "it has " + present + ": name a field as udp.srcPort");
  }
  const auto found = wire::find_field(path);
  if (!found || !found->field->settable) {
    return invalid(where, "`" + path + "` is not a field that can be set",
                   protocol + " has " + settable_names(wire::protocols()[*row].fields));
  }
  const wire::FieldSpec& field = *found->field;
  FieldPlace result{&field, {}};
  if (protocol == "ethernet") {
    // With tags, `type` is the outermost tag's protocol identifier.
    result.slot = place(field, 0);
  } else if (protocol == "vlan") {
    result.slot = place(field, wire::Ethernet::kHeaderBytes);
  } else if (protocol == network) {
    result.slot = place(field, network_at);
    const bool address = field.name == "src" || field.name == "dst";
    result.slot.network_mask = ipv6 ? 0 : kAll;
    result.slot.transport_mask = address ? kAll : 0;
  } else {
    result.slot = place(field, transport_at);
    result.slot.transport_mask = kAll;
  }
  if (field.name == "checksum") {
    result.slot.late = true;
    result.slot.network_mask = result.slot.transport_mask = 0;
  }
  return result;
}

base::Result<FieldPlace> FrameShape::payload_field(const feed::Payload& payload, bool little_endian,
                                                   const std::string& name,
                                                   const std::string& where) const {
  const auto field = std::ranges::find(payload.fields, name, &wire::FieldSpec::name);
  if (field == payload.fields.end() || !field->settable) {
    return invalid(
        where, "`" + name + "` is not a field of " + std::string(payload.name) + " that can be set",
        "it has " + settable_names(payload.fields));
  }
  FieldPlace result{&*field, place(*field, payload_at)};
  result.slot.transport_mask = kAll;
  result.slot.little_endian = little_endian && wire::is_number(field->type);
  return result;
}

Slot FrameShape::slot(const char* path) const {
  auto found = header_field(path, "");
  return found.ok() ? found.value().slot : Slot{};
}

void FrameShape::write_headers(const StreamSpec& spec, std::uint32_t payload_bytes,
                               base::MutableBytes to) const {
  const auto network_type = ipv6 ? wire::ethertype::kIpv6 : wire::ethertype::kIpv4;
  wire::EthernetRepr{spec.to.mac, spec.from.mac,
                     spec.vlans.empty() ? network_type : spec.vlans.front().tpid}
      .emit(to);
  for (std::size_t i = 0; i < spec.vlans.size(); ++i) {
    const VlanSpec& vlan = spec.vlans[i];
    const auto type = i + 1 < spec.vlans.size() ? spec.vlans[i + 1].tpid : network_type;
    wire::VlanRepr{vlan.pcp, vlan.dei, vlan.vid, type}.emit(
        to.subspan(wire::Ethernet::kHeaderBytes + i * wire::Vlan::kHeaderBytes));
  }
  const auto transport_bytes =
      static_cast<std::uint16_t>(std::uint32_t{payload_at} - transport_at + payload_bytes);
  const auto protocol = tcp ? wire::ip_protocol::kTcp : wire::ip_protocol::kUdp;
  if (ipv6) {
    wire::Ipv6Repr header;
    header.src = wire::Ipv6Address::load(spec.from.ip.data());
    header.dst = wire::Ipv6Address::load(spec.to.ip.data());
    header.next_header = protocol;
    header.payload_bytes = transport_bytes;
    header.hop_limit = spec.ttl;
    header.traffic_class = static_cast<std::uint8_t>(spec.dscp << 2);
    header.emit(to.subspan(network_at));
  } else {
    wire::Ipv4Repr header;
    header.src = wire::Ipv4Address::load(spec.from.ip.data());
    header.dst = wire::Ipv4Address::load(spec.to.ip.data());
    header.protocol = protocol;
    header.payload_bytes = transport_bytes;
    header.ttl = spec.ttl;
    header.dscp = spec.dscp;
    header.emit(to.subspan(network_at));
    base::store_be(to.data() + network_at + wire::Ipv4::kChecksum, std::uint16_t{0});
  }
  const base::MutableBytes transport = to.subspan(transport_at);
  if (tcp) {
    wire::TcpRepr header;
    header.src_port = spec.from.port;
    header.dst_port = spec.to.port;
    header.emit(transport.first(wire::Tcp::kHeaderBytes), {});
    base::store_be(transport.data() + wire::Tcp::kChecksum, std::uint16_t{0});
  } else {
    wire::UdpRepr{spec.from.port, spec.to.port}.emit_unsummed(
        transport.first(wire::Udp::kHeaderBytes));
    base::store_be(transport.data() + wire::Udp::kLength, transport_bytes);
  }
}

}  // namespace ringbed::gen
