#include "port/netlink.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace ringbed::port {

namespace {

constexpr const char* kPrivilege = "run as root, or give the program CAP_NET_ADMIN";

base::Status outcome(int error, const std::string& what) {
  if (error == 0) {
    return {};
  }
  const bool wrong = error == EINVAL || error == EEXIST || error == ENODEV || error == ERANGE;
  return system_error(wrong ? base::ErrorCode::invalid : base::ErrorCode::unavailable, what, error,
                      error == EPERM        ? kPrivilege
                      : error == EOPNOTSUPP ? "load the driver: modprobe veth"
                                            : "");
}

std::uint8_t family_of(base::ByteView ip) { return ip.size() == 16 ? AF_INET6 : AF_INET; }

void describe(NetlinkMessage& message, const VethEnd& end, std::uint32_t queues,
              std::uint32_t mtu) {
  message.text(IFLA_IFNAME, end.name);
  message.bytes(IFLA_ADDRESS, end.mac);
  message.number(IFLA_MTU, mtu);
  message.number(IFLA_NUM_TX_QUEUES, queues);
  message.number(IFLA_NUM_RX_QUEUES, queues);
}

LinkInfo parse_link(base::ByteView body) {
  const auto header = load<ifinfomsg>(body);
  LinkInfo info;
  info.index = static_cast<std::uint32_t>(header.ifi_index);
  info.flags = header.ifi_flags;
  attributes(base::sub(body, sizeof header), [&](std::uint16_t type, base::ByteView payload) {
    switch (type) {
      case IFLA_IFNAME:
        info.name.assign(payload.begin(), std::find(payload.begin(), payload.end(), 0));
        break;
      case IFLA_MTU: info.mtu = load<std::uint32_t>(payload); break;
      case IFLA_NUM_TX_QUEUES: info.tx_queues = load<std::uint32_t>(payload); break;
      case IFLA_NUM_RX_QUEUES: info.rx_queues = load<std::uint32_t>(payload); break;
      case IFLA_CARRIER_DOWN_COUNT: info.carrier_downs = load<std::uint32_t>(payload); break;
      case IFLA_ADDRESS: info.mac = load<std::array<std::uint8_t, 6>>(payload); break;
      case IFLA_XDP:
        attributes(payload, [&](std::uint16_t inner, base::ByteView value) {
          if (inner == IFLA_XDP_ATTACHED && !value.empty() && value[0] != 0) {
            ++info.xdp_programs;
          }
        });
        break;
      case IFLA_STATS64: {
        const auto stats = load<rtnl_link_stats64>(payload);
        info.rx_packets = stats.rx_packets;
        info.tx_packets = stats.tx_packets;
        info.rx_dropped = stats.rx_dropped;
        info.tx_dropped = stats.tx_dropped;
        info.rx_errors = stats.rx_errors;
        info.rx_otherhost = stats.rx_otherhost_dropped;
        info.rx_missed = stats.rx_missed_errors;
        info.rx_over = stats.rx_over_errors;
        info.rx_nohandler = stats.rx_nohandler;
        info.tx_carrier = stats.tx_carrier_errors;
        info.tx_errors = stats.tx_errors;
        break;
      }
      default: break;
    }
  });
  return info;
}

}  // namespace

base::Result<Netlink> Netlink::open() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  return socket ? base::Result<Netlink>(Netlink(std::move(socket).value()))
                : base::Result<Netlink>(socket.error());
}

base::Status Netlink::create_veth(const VethEnd& here, const VethEnd& there,
                                  int namespace_descriptor, std::uint32_t queues,
                                  std::uint32_t mtu) {
  const ifinfomsg family{};
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, family);
  describe(message, here, queues, mtu);
  const std::size_t info = message.begin(IFLA_LINKINFO | NLA_F_NESTED);
  message.text(IFLA_INFO_KIND, "veth");
  const std::size_t data = message.begin(IFLA_INFO_DATA | NLA_F_NESTED);
  const std::size_t peer = message.begin(VETH_INFO_PEER | NLA_F_NESTED);
  message.raw(family);
  describe(message, there, queues, mtu);
  message.number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(namespace_descriptor));
  message.end(peer);
  message.end(data);
  message.end(info);
  return outcome(socket_.exchange(message),
                 "cannot make the veth pair " + here.name + ", " + there.name);
}

base::Status Netlink::silence_ipv6(std::uint32_t index) {
  ifinfomsg family{};
  family.ifi_index = static_cast<int>(index);
  NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK, family);
  const std::size_t spec = message.begin(IFLA_AF_SPEC | NLA_F_NESTED);
  const std::size_t inet6 = message.begin(AF_INET6 | NLA_F_NESTED);
  message.octet(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  message.end(inet6);
  message.end(spec);
  const int error = socket_.exchange(message);
  // A kernel without IPv6 is as silent as we want it.
  return error == EAFNOSUPPORT || error == EOPNOTSUPP
             ? base::Status()
             : outcome(error, "cannot silence IPv6 on interface " + std::to_string(index));
}

base::Status Netlink::silence_arp(std::uint32_t index) {
  ifinfomsg family{};
  family.ifi_index = static_cast<int>(index);
  family.ifi_change = IFF_NOARP;
  family.ifi_flags = IFF_NOARP;
  NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK, family);
  return outcome(socket_.exchange(message),
                 "cannot silence ARP on interface " + std::to_string(index));
}

base::Status Netlink::set_up(std::uint32_t index, bool up) {
  ifinfomsg family{};
  family.ifi_index = static_cast<int>(index);
  family.ifi_change = IFF_UP;
  family.ifi_flags = up ? static_cast<unsigned>(IFF_UP) : 0U;
  NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK, family);
  return outcome(socket_.exchange(message),
                 "cannot set interface " + std::to_string(index) + (up ? " up" : " down"));
}

base::Status Netlink::add_address(std::uint32_t index, base::ByteView ip, std::uint8_t prefix) {
  ifaddrmsg family{};
  family.ifa_family = family_of(ip);
  family.ifa_prefixlen = prefix;
  family.ifa_index = index;
  // Without duplicate address detection: the address is ours at once, and nothing is sent.
  family.ifa_flags = family.ifa_family == AF_INET6 ? IFA_F_NODAD : 0;
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, family);
  message.bytes(IFA_LOCAL, ip);
  message.bytes(IFA_ADDRESS, ip);
  return outcome(socket_.exchange(message),
                 "cannot give interface " + std::to_string(index) + " an address");
}

base::Status Netlink::add_neighbour(std::uint32_t index, base::ByteView ip,
                                    const std::array<std::uint8_t, 6>& mac) {
  ndmsg family{};
  family.ndm_family = family_of(ip);
  family.ndm_ifindex = static_cast<int>(index);
  family.ndm_state = NUD_PERMANENT;
  NetlinkMessage message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, family);
  message.bytes(NDA_DST, ip);
  message.bytes(NDA_LLADDR, mac);
  return outcome(socket_.exchange(message),
                 "cannot tell interface " + std::to_string(index) + " a neighbour");
}

base::Result<std::optional<std::array<std::uint8_t, 6>>> Netlink::neighbour(std::uint32_t index,
                                                                            base::ByteView ip) {
  std::optional<std::array<std::uint8_t, 6>> found;
  ndmsg family{};
  family.ndm_family = family_of(ip);
  NetlinkMessage message(RTM_GETNEIGH, NLM_F_DUMP, family);
  const int error = socket_.exchange(message, [&](std::uint16_t type, base::ByteView body) {
    const auto entry = load<ndmsg>(body);
    constexpr unsigned kKnown = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
    if (type != RTM_NEWNEIGH || entry.ndm_ifindex != static_cast<int>(index) ||
        (entry.ndm_state & kKnown) == 0) {
      return;
    }
    bool same = false;
    std::array<std::uint8_t, 6> mac{};
    attributes(base::sub(body, sizeof entry), [&](std::uint16_t kind, base::ByteView payload) {
      if (kind == NDA_DST) {
        same = std::equal(payload.begin(), payload.end(), ip.begin(), ip.end());
      } else if (kind == NDA_LLADDR) {
        mac = load<std::array<std::uint8_t, 6>>(payload);
      }
    });
    found = same ? std::optional(mac) : found;
  });
  if (error != 0) {
    return outcome(error, "cannot read the neighbours of interface " + std::to_string(index))
        .error();
  }
  return found;
}

base::Status Netlink::add_default_route(std::uint32_t index, bool v6) {
  rtmsg family{};
  family.rtm_family = v6 ? AF_INET6 : AF_INET;
  family.rtm_table = RT_TABLE_MAIN;
  family.rtm_protocol = RTPROT_STATIC;
  family.rtm_scope = RT_SCOPE_LINK;
  family.rtm_type = RTN_UNICAST;
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, family);
  message.number(RTA_OIF, index);
  return outcome(socket_.exchange(message),
                 "cannot make interface " + std::to_string(index) + " the default route");
}

base::Status Netlink::remove(std::uint32_t index) {
  ifinfomsg family{};
  family.ifi_index = static_cast<int>(index);
  NetlinkMessage message(RTM_DELLINK, NLM_F_ACK, family);
  return outcome(socket_.exchange(message), "cannot remove interface " + std::to_string(index));
}

base::Result<LinkInfo> Netlink::link(const std::string& name) {
  const ifinfomsg family{};
  NetlinkMessage message(RTM_GETLINK, NLM_F_ACK, family);
  message.text(IFLA_IFNAME, name);
  LinkInfo info;
  const int error = socket_.exchange(message, [&info](std::uint16_t type, base::ByteView body) {
    if (type == RTM_NEWLINK) {
      info = parse_link(body);
    }
  });
  if (error != 0) {
    return base::Error{
        base::ErrorCode::invalid,
        "there is no network interface '" + name + "' (" + std::strerror(error) + ")",
        "name one that `ip link` lists"};
  }
  return info;
}

base::Result<std::vector<LinkInfo>> Netlink::links() {
  const ifinfomsg family{};
  NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP, family);
  std::vector<LinkInfo> rows;
  const int error = socket_.exchange(message, [&rows](std::uint16_t type, base::ByteView body) {
    if (type == RTM_NEWLINK) {
      rows.push_back(parse_link(body));
    }
  });
  if (error != 0) {
    return outcome(error, "cannot list the network interfaces").error();
  }
  return rows;
}

base::Result<std::vector<std::uint32_t>> Netlink::default_routes() {
  std::vector<std::uint32_t> interfaces;
  for (const int family_id : {AF_INET, AF_INET6}) {
    rtmsg family{};
    family.rtm_family = static_cast<std::uint8_t>(family_id);
    NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP, family);
    const int error = socket_.exchange(message, [&](std::uint16_t type, base::ByteView body) {
      const auto route = load<rtmsg>(body);
      if (type != RTM_NEWROUTE || route.rtm_dst_len != 0 || route.rtm_type != RTN_UNICAST) {
        return;
      }
      attributes(base::sub(body, sizeof route), [&](std::uint16_t kind, base::ByteView payload) {
        if (kind == RTA_OIF) {
          interfaces.push_back(load<std::uint32_t>(payload));
        } else if (kind == RTA_MULTIPATH) {
          while (payload.size() >= sizeof(rtnexthop)) {
            const auto hop = load<rtnexthop>(payload);
            interfaces.push_back(static_cast<std::uint32_t>(hop.rtnh_ifindex));
            if (hop.rtnh_len < sizeof hop) {
              break;
            }
            payload = base::sub(payload, RTNH_ALIGN(hop.rtnh_len));
          }
        }
      });
    });
    if (error != 0 && error != EAFNOSUPPORT && error != EOPNOTSUPP) {
      return outcome(error, "cannot read the routes").error();
    }
  }
  return interfaces;
}

std::string mac_text(const std::array<std::uint8_t, 6>& mac) {
  std::string text;
  for (const std::uint8_t byte : mac) {
    static constexpr char kDigits[] = "0123456789abcdef";
    text += text.empty() ? "" : ":";
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace ringbed::port
