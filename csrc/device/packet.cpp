#include "device/packet.hpp"

#include <algorithm>

#include "wire/ethernet.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::device {

using base::Reason;
using base::Stage;

namespace {

constexpr Fate kGoesOn{};
constexpr Fate kOther{Outcome::bypassed, Stage::match, Reason::none};
constexpr Fate kNotIp{Outcome::bypassed, Stage::parse, Reason::none};

constexpr Fate drop(Stage stage, Reason reason) noexcept {
  return {Outcome::dropped, stage, reason};
}

bool well_formed(base::ByteView options) noexcept {
  wire::OptionWalker walk(options);
  while (walk.next()) {
  }
  return !walk.malformed();
}

}  // namespace

// What the two IP versions tell the transport half.
struct PacketParser::Network {
  wire::Extent payload;     // transport header and data
  wire::PartialSum pseudo;  // without the length of the transport
  std::uint8_t protocol = 0;
  bool v6 = false;
  bool fragment = false;
  bool accepted = false;                 // the destination address is one of ours
  bool group = false;                    // ... and a multicast group
  Reason invalid = Reason::none;         // a rule of `validate` that the header breaks
  const std::uint8_t* source = nullptr;  // of the addresses in the header
  const std::uint8_t* destination = nullptr;
};

PacketParser::PacketParser(const DeviceConfig& config)
    : port_(config.target.port),
      protocol_(config.protocol),
      verify_checksums_(config.verify_checksums),
      partial_checksums_(config.partial_checksums) {
  std::vector<IpAddress> addresses = config.join;
  if (!config.target.ip.is_multicast()) {
    addresses.push_back(config.target.ip);  // a group target counts only if it was joined
  }
  for (const IpAddress& address : addresses) {
    if (address.is_v4()) {
      v4_.push_back(base::load_be<std::uint32_t>(address.bytes.data()));
    } else if (address.is_v6()) {
      v6_.push_back(address.bytes);
    }
  }
  std::sort(v4_.begin(), v4_.end());
  std::sort(v6_.begin(), v6_.end());
  plain_address_ = v4_.empty() ? 0 : v4_.front();
}

bool PacketParser::parse_plain(base::ByteView frame, Packet& packet) const noexcept {
  using wire::Ipv4;
  constexpr std::size_t kIp = wire::Ethernet::kHeaderBytes;
  constexpr std::size_t kTransport = kIp + Ipv4::kHeaderBytes;
  const bool tcp = protocol_ == wire::ip_protocol::kTcp;
  const std::size_t header = tcp ? wire::Tcp::kHeaderBytes : wire::Udp::kHeaderBytes;
  if (frame.size() < kTransport + header) [[unlikely]] {
    return false;
  }
  const std::uint8_t* const ip = frame.data() + kIp;
  const std::uint8_t* const transport = frame.data() + kTransport;
  const std::size_t ip_bytes = base::load_be<std::uint16_t>(ip + Ipv4::kTotalLength);
  const auto source = base::load_be<std::uint32_t>(ip + Ipv4::kSrc);
  const auto destination = base::load_be<std::uint32_t>(ip + Ipv4::kDst);
  const auto ports = base::load_be<std::uint32_t>(transport);
  const bool plain = base::load_be<std::uint16_t>(frame.data() + wire::Ethernet::kType) ==
                         wire::ethertype::kIpv4 &&
                     ip[Ipv4::kVersionIhl] == 0x45 && ip_bytes >= Ipv4::kHeaderBytes + header &&
                     ip_bytes <= frame.size() - kIp &&
                     (base::load_be<std::uint16_t>(ip + Ipv4::kFragment) & 0x3fff) == 0 &&
                     ip[Ipv4::kTtl] != 0 && ip[Ipv4::kProtocol] == protocol_ &&
                     source - 1 < 0xdfff'ffff && destination == plain_address_ &&
                     static_cast<std::uint16_t>(ports) == port_;
  if (!plain) [[unlikely]] {
    return false;
  }
  std::size_t length = ip_bytes - Ipv4::kHeaderBytes;  // of the transport header and its data
  std::size_t payload = header;
  if (tcp) {
    payload = static_cast<std::size_t>(transport[wire::Tcp::kDataOffset] >> 4) * 4;
    packet.tcp_flags = transport[wire::Tcp::kFlags];
    packet.tcp_seq = base::load_be<std::uint32_t>(transport + wire::Tcp::kSeq);
    packet.tcp_ack = base::load_be<std::uint32_t>(transport + wire::Tcp::kAck);
    if (payload != header || !wire::tcp_flags_valid(packet.tcp_flags)) [[unlikely]] {
      return false;
    }
  } else {
    const std::size_t room = length;
    length = base::load_be<std::uint16_t>(transport + wire::Udp::kLength);
    if (length < header || length > room) [[unlikely]] {
      return false;
    }
  }
  if (verify_checksums_) {
    // The sum of the addresses is part of both checksums.
    const wire::PartialSum addresses(base::load_native<std::uint64_t>(ip + Ipv4::kSrc));
    wire::PartialSum sum(base::load_native<std::uint64_t>(ip));
    sum.add_raw(base::load_native<std::uint32_t>(ip + 8));
    sum.add(addresses);
    wire::PartialSum covered = wire::sum({transport, length});
    covered.add(addresses);
    covered.add_word(static_cast<std::uint16_t>(length + protocol_));
    const bool absent =
        !tcp && base::load_native<std::uint16_t>(transport + wire::Udp::kChecksum) == 0;
    if (!sum.verifies() || (!covered.verifies() && !absent)) [[unlikely]] {
      return false;
    }
  }
  packet.frame = frame;
  packet.ip_offset = kIp;
  packet.to_group = destination >> 28 == 0xe;
  packet.payload = {transport + payload, length - payload};
  packet.key = ConnectionKey::v4(source, destination, ports, protocol_);
  return true;
}

bool PacketParser::accepts_v4(std::uint32_t destination) const noexcept {
  return std::binary_search(v4_.begin(), v4_.end(), destination);
}

bool PacketParser::accepts_v6(const std::uint8_t* destination) const noexcept {
  std::array<std::uint8_t, 16> address;
  std::memcpy(address.data(), destination, address.size());
  return std::binary_search(v6_.begin(), v6_.end(), address);
}

Fate PacketParser::parse_any(base::ByteView frame, Packet& packet) const noexcept {
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet) [[unlikely]] {
    return drop(Stage::parse, ethernet.reason());
  }
  std::size_t offset = wire::Ethernet::kHeaderBytes;
  std::uint16_t type = ethernet->type();
  for (std::size_t tags = 0; wire::is_vlan_type(type); ++tags) {
    if (tags == kMaxVlanTags) {
      return drop(Stage::parse, Reason::vlan_depth);
    }
    const auto vlan = wire::VlanView::parse(frame.subspan(offset));
    if (!vlan) {
      return drop(Stage::parse, vlan.reason());
    }
    type = vlan->type();
    offset += wire::Vlan::kHeaderBytes;
  }
  return parse_ip(frame, offset, type, packet);
}

Fate PacketParser::parse_ip(base::ByteView frame, std::size_t offset, std::uint16_t type,
                            Packet& packet) const noexcept {
  Network network;
  Fate fate = kNotIp;
  if (type == wire::ethertype::kIpv4) [[likely]] {
    fate = parse_v4(frame.subspan(offset), network);
  } else if (type == wire::ethertype::kIpv6) {
    fate = parse_v6(frame.subspan(offset), network);
  }
  if (fate.outcome != Outcome::processed) [[unlikely]] {
    return fate;
  }

  const bool ours = network.accepted && network.protocol == protocol_;
  if (ours && !network.fragment) [[likely]] {
    packet.frame = frame;
    packet.ip_offset = static_cast<std::uint16_t>(offset);
    packet.to_group = network.group;
    fate = protocol_ == wire::ip_protocol::kUdp ? parse_udp(network, packet)
                                                : parse_tcp(network, packet);
    if (fate.outcome == Outcome::dropped && fate.stage == Stage::parse) [[unlikely]] {
      return fate;
    }
  } else {
    fate = ours ? drop(Stage::validate, Reason::ip_fragment) : kOther;
  }
  // The rules of the IP header hold for all packets and come before those of the transport.
  return network.invalid == Reason::none ? fate : drop(Stage::validate, network.invalid);
}

Fate PacketParser::parse_v4(base::ByteView bytes, Network& network) const noexcept {
  const auto parsed = wire::Ipv4View::parse(bytes);
  if (!parsed) [[unlikely]] {
    return drop(Stage::parse, parsed.reason());
  }
  const wire::Ipv4View& ip = *parsed;
  if (verify_checksums_ && !ip.checksum_ok()) [[unlikely]] {
    return drop(Stage::parse, Reason::ip_checksum);
  }
  bool on_its_way = false;  // by a route that it carries, to somebody else
  if (ip.header_bytes() > wire::Ipv4::kHeaderBytes) [[unlikely]] {
    if (!well_formed(ip.options())) {
      return drop(Stage::parse, Reason::ip_options);
    }
    on_its_way = !wire::route_end(ip).empty();
  }
  const wire::Ipv4Address source = ip.src();
  if (source.is_zero()) [[unlikely]] {
    network.invalid = Reason::ip_source_zero;
  } else if (source.is_multicast() || source.is_broadcast()) [[unlikely]] {
    network.invalid = Reason::ip_source_invalid;
  } else if (ip.ttl() == 0) [[unlikely]] {
    network.invalid = Reason::ip_ttl_zero;
  }
  const wire::Ipv4Address destination = ip.dst();
  network.payload = ip.payload_extent();
  network.protocol = ip.protocol();
  network.fragment = ip.is_fragment();
  network.accepted = !on_its_way && accepts_v4(destination.value);
  network.group = destination.is_multicast();
  network.source = bytes.data() + wire::Ipv4::kSrc;
  network.destination = bytes.data() + wire::Ipv4::kDst;
  network.pseudo.add_raw(base::load_native<std::uint64_t>(network.source));
  return kGoesOn;
}

Fate PacketParser::parse_v6(base::ByteView bytes, Network& network) const noexcept {
  const auto parsed = wire::Ipv6View::parse(bytes);
  if (!parsed) [[unlikely]] {
    return drop(Stage::parse, parsed.reason());
  }
  const wire::Ipv6View& ip = *parsed;
  bool on_its_way = false;
  base::ByteView home;  // of a mobile node: what its transport takes for the source
  network.payload = ip.payload_extent();
  network.protocol = ip.next_header();
  if (wire::is_ipv6_extension(network.protocol)) [[unlikely]] {
    const wire::Ipv6Transport transport = wire::find_transport(ip);
    if (transport.reason != Reason::none) {
      return drop(Stage::parse, transport.reason);
    }
    network.payload = transport.payload;
    network.protocol = transport.protocol;
    network.fragment = transport.fragment;
    on_its_way = transport.route.ahead();
    home = transport.route.source;
  }
  // The unspecified source is how a host asks whether an address is free (RFC 4862): legal there.
  if (ip.src().is_unspecified() && network.protocol != wire::ip_protocol::kIcmpv6) [[unlikely]] {
    network.invalid = Reason::ip_source_zero;
  } else if (ip.src().is_multicast()) [[unlikely]] {
    network.invalid = Reason::ip_source_invalid;
  } else if (ip.hop_limit() == 0) [[unlikely]] {
    network.invalid = Reason::ip_ttl_zero;
  }
  network.v6 = true;
  network.source = home.empty() ? bytes.data() + wire::Ipv6::kSrc : home.data();
  network.destination = bytes.data() + wire::Ipv6::kDst;
  network.accepted = !on_its_way && accepts_v6(network.destination);
  network.group = ip.dst().is_multicast();
  for (const std::uint8_t* const address : {network.source, network.destination}) {
    network.pseudo.add_raw(base::load_native<std::uint64_t>(address));
    network.pseudo.add_raw(base::load_native<std::uint64_t>(address + 8));
  }
  return kGoesOn;
}

namespace {

ConnectionKey key_of(bool v6, const std::uint8_t* source, const std::uint8_t* destination,
                     std::uint16_t source_port, std::uint16_t destination_port,
                     std::uint8_t protocol) noexcept {
  if (v6) [[unlikely]] {
    return ConnectionKey::v6(source, destination, source_port, destination_port, protocol);
  }
  return ConnectionKey::v4(base::load_be<std::uint32_t>(source),
                           base::load_be<std::uint32_t>(destination), source_port, destination_port,
                           protocol);
}

// The rest of the pseudo-header. 16-bit words; sums of memory-order words need them swapped.
wire::PartialSum with_length(wire::PartialSum pseudo, std::uint8_t protocol,
                             std::size_t length) noexcept {
  pseudo.add_word(protocol);
  pseudo.add_word(static_cast<std::uint16_t>(length));
  return pseudo;
}

}  // namespace

// A checksum is wrong. `field`: what stands in the header; `pseudo`: the pseudo-header's sum, which
// is what a kernel that leaves the rest to the NIC has put there.
Reason PacketParser::judge_wrong(std::uint16_t field, wire::PartialSum pseudo,
                                 Reason wrong) const noexcept {
  if (field != pseudo.folded()) {
    return wrong;
  }
  return partial_checksums_ ? Reason::none : Reason::checksum_partial;
}

Fate PacketParser::parse_udp(Network& network, Packet& packet) const noexcept {
  const auto udp = wire::UdpView::parse(network.payload);
  if (!udp) [[unlikely]] {
    return drop(Stage::parse, udp.reason());
  }
  if (udp->dst_port() != port_) [[unlikely]] {
    return kOther;
  }
  if (verify_checksums_) {
    const wire::PartialSum pseudo = with_length(network.pseudo, protocol_, udp->length());
    const wire::Checksum checksum = udp->judge(pseudo);
    if (checksum == wire::Checksum::bad) [[unlikely]] {
      const Reason reason = judge_wrong(udp->checksum(), pseudo, Reason::udp_checksum);
      if (reason != Reason::none) {
        return drop(Stage::parse, reason);
      }
    }
    if (checksum == wire::Checksum::absent && network.v6) [[unlikely]] {
      return drop(Stage::parse, Reason::udp_checksum_zero);
    }
  }
  packet.payload = udp->payload();
  packet.key = key_of(network.v6, network.source, network.destination, udp->src_port(),
                      udp->dst_port(), protocol_);
  return kGoesOn;
}

Fate PacketParser::parse_tcp(Network& network, Packet& packet) const noexcept {
  const auto tcp = wire::TcpView::parse(network.payload);
  if (!tcp) [[unlikely]] {
    return drop(Stage::parse, tcp.reason());
  }
  if (tcp->dst_port() != port_) [[unlikely]] {
    return kOther;
  }
  if (tcp->header_bytes() > wire::Tcp::kHeaderBytes && !well_formed(tcp->options())) [[unlikely]] {
    return drop(Stage::parse, Reason::tcp_options);
  }
  if (verify_checksums_) {
    const wire::PartialSum pseudo =
        with_length(network.pseudo, protocol_, network.payload.bytes.size());
    if (tcp->judge(pseudo) == wire::Checksum::bad) [[unlikely]] {
      const Reason reason = judge_wrong(tcp->checksum(), pseudo, Reason::tcp_checksum);
      if (reason != Reason::none) {
        return drop(Stage::parse, reason);
      }
    }
  }
  if (!wire::tcp_flags_valid(tcp->flags())) [[unlikely]] {
    return drop(Stage::validate, Reason::tcp_flags);
  }
  packet.tcp_flags = tcp->flags();
  packet.tcp_seq = tcp->seq();
  packet.tcp_ack = tcp->ack();
  packet.payload = tcp->payload();
  packet.key = key_of(network.v6, network.source, network.destination, tcp->src_port(),
                      tcp->dst_port(), protocol_);
  return kGoesOn;
}

}  // namespace ringbed::device
