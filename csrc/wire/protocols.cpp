// The rows of the table, and look-ups in it. Linear: there are few rows, and no hot path looks
// here.
#include "wire/protocols.hpp"

#include <algorithm>

#include "wire/arp.hpp"
#include "wire/bsd_loopback.hpp"
#include "wire/ethernet.hpp"
#include "wire/icmp.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/link_type.hpp"
#include "wire/linux_sll.hpp"
#include "wire/linux_sll2.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/vlan.hpp"

namespace ringbed::wire {
namespace {

constexpr auto kLink = Key::Space::link;
constexpr auto kEthertype = Key::Space::ethertype;
constexpr auto kV4 = Key::Space::ipv4;
constexpr auto kV6 = Key::Space::ipv6;

constexpr auto kProtocols = std::to_array<Protocol>({
    {"ethernet",
     "Ethernet II and 802.3",
     Ethernet::kFields,
     {{{kLink, link_type::kEthernet}}},
     dissect_ethernet},
    {"linux_sll",
     "Linux cooked header, version 1",
     LinuxSll::kFields,
     {{{kLink, link_type::kLinuxSll}}},
     dissect_linux_sll},
    {"linux_sll2",
     "Linux cooked header, version 2",
     LinuxSll2::kFields,
     {{{kLink, link_type::kLinuxSll2}}},
     dissect_linux_sll2},
    {"bsd_null",
     "BSD loopback",
     BsdLoopback::kNullFields,
     {{{kLink, link_type::kNull}}},
     dissect_bsd_null},
    {"bsd_loop",
     "OpenBSD loopback",
     BsdLoopback::kLoopFields,
     {{{kLink, link_type::kLoop}}},
     dissect_bsd_loop},
    {"vlan",
     "802.1Q and 802.1ad tag",
     Vlan::kFields,
     {{{kEthertype, ethertype::kVlan},
       {kEthertype, ethertype::kQinQ},
       {kEthertype, ethertype::kQinQLegacy}}},
     dissect_vlan},
    {"arp", "ARP for IPv4", Arp::kFields, {{{kEthertype, ethertype::kArp}}}, dissect_arp},
    {"ipv4", "IPv4", Ipv4::kFields, {{{kEthertype, ethertype::kIpv4}}}, dissect_ipv4},
    {"ipv6", "IPv6", Ipv6::kFields, {{{kEthertype, ethertype::kIpv6}}}, dissect_ipv6},
    {"ipv6_hopopts",
     "IPv6 hop-by-hop options",
     Ipv6Extension::kOptionsFields,
     {{{kV6, ip_protocol::kHopByHop}}},
     dissect_hop_by_hop},
    {"ipv6_routing",
     "IPv6 routing header",
     Ipv6Extension::kRoutingFields,
     {{{kV6, ip_protocol::kRouting}}},
     dissect_routing},
    {"ipv6_fragment",
     "IPv6 fragment header",
     Ipv6Extension::kFragmentFields,
     {{{kV6, ip_protocol::kFragment}}},
     dissect_fragment},
    {"ipv6_dstopts",
     "IPv6 destination options",
     Ipv6Extension::kOptionsFields,
     {{{kV6, ip_protocol::kDestination}}},
     dissect_destination},
    {"ah",
     "IP authentication header",
     Ipv6Extension::kAuthFields,
     {{{kV4, ip_protocol::kAuth}, {kV6, ip_protocol::kAuth}}},
     dissect_auth},
    {"icmp", "ICMP", Icmp::kFields, {{{kV4, ip_protocol::kIcmp}}}, dissect_icmp},
    {"icmpv6", "ICMPv6", Icmp::kFields, {{{kV6, ip_protocol::kIcmpv6}}}, dissect_icmpv6},
    {"udp",
     "UDP",
     Udp::kFields,
     {{{kV4, ip_protocol::kUdp}, {kV6, ip_protocol::kUdp}}},
     dissect_udp},
    {"tcp",
     "TCP",
     Tcp::kFields,
     {{{kV4, ip_protocol::kTcp}, {kV6, ip_protocol::kTcp}}},
     dissect_tcp},
});

}  // namespace

std::span<const Protocol> protocols() noexcept { return kProtocols; }

std::optional<std::size_t> find_protocol(std::string_view name) noexcept {
  const auto* row = std::find_if(kProtocols.begin(), kProtocols.end(),
                                 [name](const Protocol& p) { return p.name == name; });
  return row == kProtocols.end()
             ? std::nullopt
             : std::optional(static_cast<std::size_t>(row - kProtocols.begin()));
}

std::optional<std::size_t> find_protocol(Key key) noexcept {
  if (key.space == Key::Space::none) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kProtocols.size(); ++i) {
    const auto& keys = kProtocols[i].keys;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<FieldRef> find_field(std::string_view path) noexcept {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  const auto protocol = find_protocol(path.substr(0, dot));
  if (!protocol) {
    return std::nullopt;
  }
  for (const FieldSpec& field : kProtocols[*protocol].fields) {
    if (field.name == path.substr(dot + 1)) {
      return FieldRef{*protocol, &field};
    }
  }
  return std::nullopt;
}

}  // namespace ringbed::wire
