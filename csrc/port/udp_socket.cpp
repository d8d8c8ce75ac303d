#include "port/udp_socket.hpp"

#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "port/socket_name.hpp"
#include "port/udp_messages.hpp"

namespace ringbed::port {

namespace {

constexpr int kSendBufferBytes = 8 << 20;

// Newer than some systems' headers.
constexpr int kPreferBusyPoll = 69;  // SO_PREFER_BUSY_POLL
constexpr int kBusyPollBudget = 70;  // SO_BUSY_POLL_BUDGET

template <typename T>
bool set(int socket, int level, int option, const T& value) noexcept {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

base::Error not_bound(const SocketAddress& local, const std::string& interface, int error) {
  const std::string what =
      "cannot bind a UDP socket to " + text_of(local.address) + ":" + std::to_string(local.port);
  const auto unavailable = base::ErrorCode::unavailable;
  switch (error) {
    case EADDRNOTAVAIL:
      return system_error(unavailable, what, error,
                          "give the interface the address: ip addr add " +
                              host_text_of(local.address) + " dev " + interface);
    case EADDRINUSE:
      return system_error(unavailable, what, error,
                          "another program receives on this port: end it, or choose another port");
    case EACCES:
    case EPERM:
      return system_error(unavailable, what, error,
                          "run as root, or give the program CAP_NET_ADMIN and "
                          "CAP_NET_BIND_SERVICE");
    default: return system_error(unavailable, what, error, "");
  }
}

// Where datagrams come from and went to; any source address may be sent from. Best effort: what
// does not work shows in the traffic.
void ask_v4(int at) noexcept {
  const int on = 1;
  const int off = 0;
  for (const int option : {IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_TRANSPARENT}) {
    set(at, IPPROTO_IP, option, on);
  }
  for (const int option : {IP_MULTICAST_ALL, IP_MULTICAST_LOOP}) {
    set(at, IPPROTO_IP, option, off);
  }
}
void ask_v6(int at) noexcept {
  const int on = 1;
  const int off = 0;
  for (const int option :
       {IPV6_V6ONLY, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_TRANSPARENT}) {
    set(at, IPPROTO_IPV6, option, on);
  }
  for (const int option : {IPV6_MULTICAST_ALL, IPV6_MULTICAST_LOOP}) {
    set(at, IPPROTO_IPV6, option, off);
  }
}

bool join(int at, const NetAddress& address, std::uint32_t interface) noexcept {
  if (address.v6) {
    ipv6_mreq group{};
    std::copy_n(address.bytes.data(), 16, group.ipv6mr_multiaddr.s6_addr);
    group.ipv6mr_interface = interface;
    return set(at, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, group);
  }
  ip_mreqn group{};
  std::memcpy(&group.imr_multiaddr, address.bytes.data(), 4);
  group.imr_ifindex = static_cast<int>(interface);
  return set(at, IPPROTO_IP, IP_ADD_MEMBERSHIP, group);
}

// What the kernel refuses is left out, and remembered.
void tune(int at, const SocketTuning& wished, GrantedTuning& granted) noexcept {
  const int on = 1;
  const int whole = 0;  // a size for each message; to set none asks whether it can be
  granted.gso = granted.gso && (!wished.gso || set(at, kSolUdp, kUdpSegment, whole));
  granted.gro = granted.gro && (!wished.gro || set(at, kSolUdp, kUdpGro, on));
  const int time = static_cast<int>(wished.busy_poll_us);
  const int budget = static_cast<int>(wished.busy_poll_budget);
  granted.busy_poll =
      granted.busy_poll && (time == 0 || (set(at, SOL_SOCKET, kPreferBusyPoll, on) &&
                                          set(at, SOL_SOCKET, SO_BUSY_POLL, time) &&
                                          set(at, SOL_SOCKET, kBusyPollBudget, budget)));
}

}  // namespace

std::string GrantedTuning::text(const SocketTuning& wished) const {
  std::string text;
  const auto add = [&text](bool wish, bool grant, const std::string& name, const char* needs) {
    if (wish) {
      text += grant ? ", " + name : ", no " + name + " (" + needs + ")";
    }
  };
  add(wished.gso, gso, "GSO", "the kernel refuses it; Linux 4.18 has it");
  add(wished.gro, gro, "GRO", "the kernel refuses it; Linux 5.0 has it");
  add(wished.busy_poll_us != 0, busy_poll,
      "busy polling " + std::to_string(wished.busy_poll_us) + " us",
      "the kernel refuses it: Linux 5.11 with CONFIG_NET_RX_BUSY_POLL, CAP_NET_ADMIN");
  return text;
}

base::Result<UdpSocket> UdpSocket::open(const PortConfig& config, const SocketAddress& local,
                                        GrantedTuning& granted) {
  UdpSocket made;
  made.port = local.port;
  const bool v6 = config.socket.v6;
  made.descriptor = FileDescriptor(
      ::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  const int at = made.descriptor.get();
  if (!made.descriptor) {
    return system_error(base::ErrorCode::resource, "cannot open a UDP socket", errno,
                        "raise the limit of open files: ulimit -n 65536");
  }
  const int on = 1;
  const int receive_buffer = static_cast<int>(
      std::min<std::uint64_t>(std::uint64_t{config.rx_frames} * config.frame_bytes, 1U << 30));
  // Best effort: what does not work shows in the traffic, or costs only speed.
  if (config.queues > 1) {
    set(at, SOL_SOCKET, SO_REUSEPORT, on);
  }
  set(at, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer);
  set(at, SOL_SOCKET, SO_SNDBUFFORCE, kSendBufferBytes);
  v6 ? ask_v6(at) : ask_v4(at);
  setsockopt(at, SOL_SOCKET, SO_BINDTODEVICE, config.where.c_str(),
             static_cast<socklen_t>(config.where.size()));
  tune(at, config.socket.tuning, granted);
  const SocketName name(NetAddress(local.address.is_any() ? NetAddress::any(v6) : local.address),
                        local.port);
  if (bind(at, name.get(), name.length()) != 0) {
    return not_bound(local, config.where, errno);
  }
  if (local.address.is_group() && !join(at, local.address, if_nametoindex(config.where.c_str()))) {
    return system_error(base::ErrorCode::unavailable,
                        "cannot join " + text_of(local.address) + " on " + config.where, errno, "");
  }
  return made;
}

std::uint64_t UdpSocket::drops() const noexcept {
  std::array<std::uint32_t, 16> memory{};  // SK_MEMINFO_*
  constexpr std::size_t kDrops = 8;        // SK_MEMINFO_DROPS
  socklen_t length = sizeof memory;
  return getsockopt(descriptor.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length) == 0
             ? memory[kDrops]
             : 0;
}

}  // namespace ringbed::port
