#include "port/host_stack.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <charconv>
#include <string_view>

#include "base/endian.hpp"
#include "port/datagram.hpp"

namespace ringbed::port {

namespace {

constexpr const char* kPrivilege = "run as root, or give the program CAP_NET_ADMIN";

std::array<std::uint8_t, 4> octets(std::uint32_t address) noexcept {
  std::array<std::uint8_t, 4> bytes{};
  base::store_be(bytes.data(), address);
  return bytes;
}

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

std::string mac_text(const std::array<std::uint8_t, 6>& mac) {
  std::string text;
  for (const std::uint8_t byte : mac) {
    static constexpr char kDigits[] = "0123456789abcdef";
    text += text.empty() ? "" : ":";
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

// Whether a socket of this namespace may have it.
bool is_own(std::uint32_t address) {
  const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  return any && bind(any.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
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
});

std::string_view word(std::string_view& line) {
  const std::size_t from = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t to = std::min(line.find(' ', from), line.size());
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
    status = netlink.value().add_address(link.index, octets(addresses.own[i]), 32);
  }
  if (status) {
    status = netlink.value().add_default_route(link.index);
  }
  for (std::size_t i = 0; status && i < addresses.neighbours.size(); ++i) {
    const Neighbour& neighbour = addresses.neighbours[i];
    status = netlink.value().add_neighbour(link.index, octets(neighbour.address), neighbour.mac);
  }
  return status;
}

base::Status check_stack(const LinkInfo& link, const HostAddresses& addresses) {
  for (const std::uint32_t address : addresses.own) {
    if (!is_own(address)) {
      return base::Error{base::ErrorCode::unavailable,
                         text_of(address) +
                             " is no address of this host, so that its sockets would "
                             "get nothing that is sent there",
                         "ip addr add " + text_of(address) + "/32 dev " + link.name};
    }
  }
  auto netlink = Netlink::open();
  if (!netlink) {
    return netlink.error();
  }
  for (const Neighbour& wanted : addresses.neighbours) {
    const std::string address = text_of(wanted.address);
    if (is_own(wanted.address)) {
      return base::Error{base::ErrorCode::unavailable,
                         address +
                             " is an address of this host: its stack would hand the "
                             "datagrams over without any wire",
                         "ip addr del " + address + "/32 dev IF; an AF_XDP device needs none"};
    }
    const auto known = netlink.value().neighbour(link.index, octets(wanted.address));
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
  FileDescriptor file(::open(kFile, O_RDONLY | O_CLOEXEC));
  if (!file) {
    return system_error(base::ErrorCode::unavailable, std::string("cannot open ") + kFile, errno,
                        "mount /proc");
  }
  return StackCounters(std::move(file));
}

// Pairs of lines, names and values:
//   Udp: InDatagrams NoPorts InErrors ...
//   Udp: 12 0 0 ...
base::Result<StackCounters::Drops> StackCounters::read() const {
  std::array<char, 8192> buffer;
  const ssize_t got = pread(file_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    return system_error(base::ErrorCode::io, "cannot read the counters of the kernel's stack",
                        got < 0 ? errno : EIO, "");
  }
  Drops drops{};
  std::string_view text(buffer.data(), static_cast<std::size_t>(got));
  const auto line = [&text] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view found = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return found;
  };
  while (!text.empty()) {
    std::string_view names = line();
    std::string_view values = line();
    const std::string_view protocol = word(names);
    word(values);
    while (!names.empty() && !values.empty()) {
      const std::string_view name = word(names);
      const std::string_view value = word(values);
      for (const Row& row : kRows) {
        if (row.counter == name && protocol.substr(0, protocol.size() - 1) == row.protocol) {
          std::uint64_t count = 0;
          std::from_chars(value.data(), value.data() + value.size(), count);
          drops[static_cast<std::size_t>(row.reason)] += count;
        }
      }
    }
  }
  return drops;
}

}  // namespace ringbed::port
