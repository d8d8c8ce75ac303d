#include "gen/ethernet_form.hpp"

#include <algorithm>
#include <limits>

#include "wire/bsd_loopback.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/linux_sll2.hpp"
#include "wire/vlan.hpp"

namespace ringbed::gen {

namespace {

constexpr wire::MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr wire::MacAddress kNobody{{0x02, 0, 0, 0, 0, 0}};  // the sender has no address

// What a link header says that Ethernet has a place for.
struct Link {
  std::uint16_t type = 0;  // 0: no Ethernet frame
  std::optional<wire::MacAddress> src;
  bool broadcast = false;
  wire::Extent payload;
};

template <typename View>
Link cooked_link(const wire::Parsed<View>& parsed) noexcept {
  if (!parsed || !wire::cooked::has_ethertype(parsed->arphrd_type())) {
    return {};
  }
  Link link;
  link.payload = parsed->payload_extent();
  link.type = parsed->protocol();
  if (link.type == wire::cooked::kLogicalLink || link.type == wire::cooked::kNovell) {
    const bool fits = link.payload.on_wire <= wire::Ethernet::kMaxLength;
    link.type = fits ? static_cast<std::uint16_t>(link.payload.on_wire) : std::uint16_t{0};
  } else if (link.type <= wire::Ethernet::kMaxLength) {
    link.type = 0;
  }
  link.broadcast = parsed->packet_type() == wire::cooked::kBroadcast;
  // A loopback interface says 00:00:00:00:00:00.
  if (const base::ByteView address = parsed->address();
      address.size() == 6 && std::ranges::any_of(address, [](auto byte) { return byte != 0; })) {
    link.src = wire::MacAddress::load(address.data());
  }
  return link;
}

Link loopback_link(wire::Extent frame, const wire::FieldSpec& family) noexcept {
  const auto parsed = wire::BsdLoopbackView::parse(frame);
  if (!parsed) {
    return {};
  }
  Link link;
  link.type = parsed->ethertype(family);
  link.payload = parsed->payload_extent();
  return link;
}

Link link_of(const CapturedFrame& frame) noexcept {
  const wire::Extent bytes(frame.bytes, frame.wire_length);
  switch (frame.link_type) {
    case link_type::kLinuxSll: return cooked_link(wire::LinuxSllView::parse(bytes));
    case link_type::kLinuxSll2: return cooked_link(wire::LinuxSll2View::parse(bytes));
    case link_type::kNull: return loopback_link(bytes, wire::BsdLoopback::kNullFields[0]);
    case link_type::kLoop: return loopback_link(bytes, wire::BsdLoopback::kLoopFields[0]);
    default: break;
  }
  if (!link_type::is_raw_ip(frame.link_type)) {
    return {};
  }
  Link link;
  const bool v6 = !frame.bytes.empty() && frame.bytes[0] >> 4 == 6;
  link.type = v6 ? wire::ethertype::kIpv6 : wire::ethertype::kIpv4;
  link.payload = bytes;
  return link;
}

// 02:00 and the last four bytes of the address, as the hosts of a scenario have it.
wire::MacAddress host_mac(const std::uint8_t* last_four) noexcept {
  return {{0x02, 0x00, last_four[0], last_four[1], last_four[2], last_four[3]}};
}

struct Hosts {
  std::optional<wire::MacAddress> src;
  std::optional<wire::MacAddress> dst;  // that follows from the IP address, for everybody
};

Hosts hosts_of(std::uint16_t type, base::ByteView bytes) noexcept {
  for (std::size_t depth = 0; wire::is_vlan_type(type) && depth < wire::Vlan::kMaxDepth; ++depth) {
    const auto tag = wire::VlanView::parse(bytes);
    if (!tag) {
      return {};
    }
    type = tag->type();
    bytes = tag->payload();
  }
  Hosts hosts;
  if (type == wire::ethertype::kIpv4 && bytes.size() >= wire::Ipv4::kHeaderBytes) {
    const auto dst = wire::Ipv4Address::load(bytes.data() + wire::Ipv4::kDst);
    hosts.src = host_mac(bytes.data() + wire::Ipv4::kSrc);
    if (dst.is_multicast()) {
      hosts.dst = wire::multicast_mac(dst);
    } else if (dst.is_broadcast()) {
      hosts.dst = kBroadcast;
    }
  } else if (type == wire::ethertype::kIpv6 && bytes.size() >= wire::Ipv6::kHeaderBytes) {
    const auto dst = wire::Ipv6Address::load(bytes.data() + wire::Ipv6::kDst);
    hosts.src = host_mac(bytes.data() + wire::Ipv6::kSrc + 12);
    if (dst.is_multicast()) {
      hosts.dst = wire::multicast_mac(dst);
    }
  }
  return hosts;
}

}  // namespace

std::optional<EthernetForm> ethernet_form(const CapturedFrame& frame,
                                          wire::MacAddress device) noexcept {
  EthernetForm form;
  if (frame.link_type == link_type::kEthernet) {
    form.rest = frame.bytes;
    form.wire_length = frame.wire_length;
    return form;
  }
  const Link link = link_of(frame);
  if (link.type == 0) {
    return std::nullopt;
  }
  const Hosts hosts = hosts_of(link.type, link.payload.bytes);
  form.header_bytes = wire::Ethernet::kHeaderBytes;
  form.rest = link.payload.bytes;
  form.wire_length = static_cast<std::uint32_t>(
      std::min<std::size_t>(wire::Ethernet::kHeaderBytes + link.payload.on_wire,
                            std::numeric_limits<std::uint32_t>::max()));
  wire::EthernetRepr{link.broadcast ? kBroadcast : hosts.dst.value_or(device),
                     link.src.value_or(hosts.src.value_or(kNobody)), link.type}
      .emit(form.header);
  return form;
}

}  // namespace ringbed::gen
