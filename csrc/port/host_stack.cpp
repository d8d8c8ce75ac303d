#include "port/host_stack.hpp"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include "base/endian.hpp"
#include "port/socket_name.hpp"

namespace ringbed::port {

namespace {

constexpr const char* kPrivilege = "run as root, or give the program CAP_NET_ADMIN";

// Whether an ethtool feature could be switched; errno says why not.
bool switch_feature(const std::string& interface, std::uint32_t command, bool on) {
  const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value value{};
  value.cmd = command;
  value.data = on ? 1 : 0;
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return any && ioctl(any.get(), SIOCETHTOOL, &request) == 0;
}

// Whether a socket of this namespace may have it.
bool is_own(const NetAddress& address) {
  const FileDescriptor any(::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketName name(address, 0);
  return any && bind(any.get(), name.get(), name.length()) == 0;
}

// Checksums in software, and with them no segmentation behind the sockets' backs: one datagram is
// one frame on the link.
base::Status finish_checksums(const std::string& interface) {
  if (!switch_feature(interface, ETHTOOL_STXCSUM, false)) {
    return system_error(base::ErrorCode::unavailable,
                        "cannot switch the checksum offload of " + interface + " off", errno,
                        kPrivilege);
  }
  return {};
}

// A counter of the stack and the reason that it stands for. Full buffers are counted by the sockets
// themselves (SO_MEMINFO), and so are wrong checksums, but nameless.
struct Row {
  std::string_view protocol;
  std::string_view counter;
  base::Reason reason;
};
constexpr auto kRows = std::to_array<Row>({
    {"Ip", "InHdrErrors", base::Reason::stack_header},
    {"Ip", "InAddrErrors", base::Reason::stack_address},
    {"Ip", "InUnknownProtos", base::Reason::stack_protocol},
    {"Ip", "InDiscards", base::Reason::stack_discard},
    {"Ip", "ReasmFails", base::Reason::ip_fragment},
    {"Udp", "NoPorts", base::Reason::socket_no_port},
    {"Udp", "IgnoredMulti", base::Reason::socket_no_port},
    {"Udp", "InCsumErrors", base::Reason::udp_checksum},
    {"Ip6", "InHdrErrors", base::Reason::stack_header},
    {"Ip6", "InTruncatedPkts", base::Reason::stack_header},
    {"Ip6", "InAddrErrors", base::Reason::stack_address},
    {"Ip6", "InNoRoutes", base::Reason::stack_address},
    {"Ip6", "InUnknownProtos", base::Reason::stack_protocol},
    {"Ip6", "InDiscards", base::Reason::stack_discard},
    {"Ip6", "ReasmFails", base::Reason::ip_fragment},
    {"Udp6", "NoPorts", base::Reason::socket_no_port},
    {"Udp6", "InCsumErrors", base::Reason::udp_checksum},
});

void count(StackCounters::Drops& drops, std::string_view protocol, std::string_view name,
           std::string_view value) {
  for (const Row& row : kRows) {
    if (row.counter == name && row.protocol == protocol) {
      std::uint64_t number = 0;
      std::from_chars(value.data(), value.data() + value.size(), number);
      drops[static_cast<std::size_t>(row.reason)] += number;
    }
  }
}

// Whether frames to the IPv6 address are taken in: it has a local route.
bool has_local_route(const NetAddress& address) {
  constexpr unsigned long kLocal = 0x8000'0000;  // RTF_LOCAL
  constexpr char kDigits[] = "0123456789abcdef";
  std::string wanted;
  for (const std::uint8_t byte : address.view()) {
    wanted += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  wanted += " 80 ";  // bits of the prefix, in hexadecimal digits, too
  std::ifstream routes("/proc/thread-self/net/ipv6_route");
  for (std::string line; std::getline(routes, line);) {
    if (line.starts_with(wanted)) {
      std::istringstream fields(line);
      std::string field;
      for (int i = 0; i < 9; ++i) {
        fields >> field;
      }
      if ((std::strtoul(field.c_str(), nullptr, 16) & kLocal) != 0) {
        return true;
      }
    }
  }
  return false;
}

// An IPv6 address gets its route from a worker of the kernel's, after it is there: on a busy
// machine milliseconds later, and what comes until then is dropped.
base::Status wait_for_route(const NetAddress& address) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!has_local_route(address)) {
    if (std::chrono::steady_clock::now() > end) {
      return base::Error{base::ErrorCode::unavailable,
                         "the kernel gives the address " + text_of(address) + " no route",
                         "try again when the machine is less busy"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

std::string_view word(std::string_view& line) {
  const std::size_t from = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t to = std::min(line.find_first_of(" \t", from), line.size());
  const std::string_view found = line.substr(from, to - from);
  line.remove_prefix(to);
  return found;
}

}  // namespace

base::Status prepare_stack(const LinkInfo& link, const HostAddresses& addresses) {
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  base::Status status = finish_checksums(link.name);
  if (status) {
    status = netlink.value().silence_arp(link.index);
  }
  for (std::size_t i = 0; status && i < addresses.own.size(); ++i) {
    const NetAddress& own = addresses.own[i];
    status = netlink.value().add_address(link.index, own.view(),
                                         static_cast<std::uint8_t>(own.size() * 8));
  }
  const bool v6 = !addresses.own.empty() && addresses.own.front().v6;
  if (status) {
    status = netlink.value().add_default_route(link.index, v6);
  }
  for (std::size_t i = 0; status && i < addresses.neighbours.size(); ++i) {
    const Neighbour& neighbour = addresses.neighbours[i];
    status = netlink.value().add_neighbour(link.index, neighbour.address.view(), neighbour.mac);
  }
  for (std::size_t i = 0; status && v6 && i < addresses.own.size(); ++i) {
    status = wait_for_route(addresses.own[i]);
  }
  return status;
}

base::Status check_stack(const LinkInfo& link, const HostAddresses& addresses) {
  for (const NetAddress& address : addresses.own) {
    if (!is_own(address)) {
      return base::Error{base::ErrorCode::unavailable,
                         text_of(address) +
                             " is no address of this host, so that its sockets would "
                             "get nothing that is sent there",
                         "ip addr add " + host_text_of(address) + " dev " + link.name};
    }
  }
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  for (const Neighbour& wanted : addresses.neighbours) {
    const std::string address = text_of(wanted.address);
    if (is_own(wanted.address)) {
      return base::Error{
          base::ErrorCode::unavailable,
          address +
              " is an address of this host: its stack would hand the "
              "datagrams over without any wire",
          "ip addr del " + host_text_of(wanted.address) + " dev IF; an AF_XDP device needs none"};
    }
    const auto known = netlink.value().neighbour(link.index, wanted.address.view());
    if (!known) {
      return known.error();
    }
    if (known.value() != wanted.mac) {
      return base::Error{
          base::ErrorCode::unavailable,
          link.name + " does not know " + address + " as " + mac_text(wanted.mac) +
              ", and the device answers no ARP",
          "ip neigh replace " + address + " lladdr " + mac_text(wanted.mac) + " dev " + link.name};
    }
  }
  return {};
}

base::Status receive_in_rows(const std::string& interface) {
  if (!switch_feature(interface, ETHTOOL_SGRO, true)) {
    return system_error(base::ErrorCode::unavailable, "cannot switch GRO of " + interface + " on",
                        errno, kPrivilege);
  }
  return {};
}

base::Result<StackCounters> StackCounters::open() {
  constexpr const char* kFile = "/proc/thread-self/net/snmp";
  FileDescriptor v4(::open(kFile, O_RDONLY | O_CLOEXEC));
  if (!v4) {
    return system_error(base::ErrorCode::unavailable, std::string("cannot open ") + kFile, errno,
                        "mount /proc");
  }
  return StackCounters(std::move(v4),
                       FileDescriptor(::open("/proc/thread-self/net/snmp6", O_RDONLY | O_CLOEXEC)));
}

// snmp: pairs of lines, names and values        snmp6: a line a counter
//   Udp: InDatagrams NoPorts InErrors ...         Udp6InDatagrams     12
//   Udp: 12 0 0 ...                               Udp6NoPorts          0
base::Result<StackCounters::Drops> StackCounters::read() const {
  std::array<char, 16384> buffer;
  std::string_view text;
  const auto fill = [&](const FileDescriptor& file) {
    const ssize_t got = pread(file.get(), buffer.data(), buffer.size(), 0);
    text = {buffer.data(), got < 0 ? 0 : static_cast<std::size_t>(got)};
    return got > 0;
  };
  const auto line = [&text] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view found = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return found;
  };
  if (!fill(v4_)) {
    return system_error(base::ErrorCode::io, "cannot read the counters of the kernel's stack",
                        errno, "");
  }
  Drops drops{};
  while (!text.empty()) {
    std::string_view names = line();
    std::string_view values = line();
    std::string_view protocol = word(names);
    protocol.remove_suffix(protocol.empty() ? 0 : 1);
    word(values);
    while (!names.empty() && !values.empty()) {
      const std::string_view name = word(names);
      count(drops, protocol, name, word(values));
    }
  }
  if (v6_ && fill(v6_)) {
    while (!text.empty()) {
      std::string_view rest = line();
      const std::string_view name = word(rest);
      const std::size_t split = std::min(name.find('6') + 1, name.size());
      count(drops, name.substr(0, split), name.substr(split), word(rest));
    }
  }
  return drops;
}

}  // namespace ringbed::port
