// Backend `socket`: kernel UDP sockets with recvmmsg(2) and sendmmsg(2), the path that a program
// takes without kernel bypass (udp(7), ip(7)). A socket moves payloads and a port moves frames, so
// a received payload lands behind room for its headers, which are then written from what the kernel
// tells (source, IP_PKTINFO, TTL, TOS), and of a frame to send only the payload goes down, with its
// addresses, TTL and TOS beside it. The kernel has sent a datagram, or refused it, when the call
// returns.
//
// A UDP socket has one UDP port: there is one for each address that is received and for each source
// port that is sent from, all made when the port is opened. Queues share a UDP port's datagrams by
// flow (SO_REUSEPORT). Of a group's datagrams every socket would get a copy: queue 0 has those.
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "port/backends.hpp"
#include "port/datagram.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kControlBytes = 128;
constexpr int kSendBufferBytes = 8 << 20;
constexpr std::uint8_t kUsualTtl = 64;

template <typename T>
bool set(int socket, int level, int option, const T& value) noexcept {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

sockaddr_in name_of(std::uint32_t address, std::uint16_t port) noexcept {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  name.sin_port = htons(port);
  return name;
}

std::string text_of(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string(address >> shift & 0xffU) + (shift == 0 ? "" : ".");
  }
  return text;
}

base::Error not_bound(const SocketAddress& local, const std::string& interface, int error) {
  const std::string what =
      "cannot bind a UDP socket to " + text_of(local.address) + ":" + std::to_string(local.port);
  const auto unavailable = base::ErrorCode::unavailable;
  switch (error) {
    case EADDRNOTAVAIL:
      return system_error(unavailable, what, error,
                          "give the interface the address: ip addr add " + text_of(local.address) +
                              "/32 dev " + interface);
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

// A socket on one UDP port. Its drops are the kernel's count since it was made.
struct Socket {
  FileDescriptor descriptor;
  std::uint16_t port = 0;

  [[nodiscard]] std::uint64_t drops() const noexcept {
    std::array<std::uint32_t, 16> memory{};  // SK_MEMINFO_*
    constexpr std::size_t kDrops = 8;        // SK_MEMINFO_DROPS
    socklen_t length = sizeof memory;
    return getsockopt(descriptor.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length) == 0
               ? memory[kDrops]
               : 0;
  }
};

base::Result<Socket> open_socket(const PortConfig& config, const SocketAddress& local) {
  Socket made;
  made.port = local.port;
  made.descriptor =
      FileDescriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  const int at = made.descriptor.get();
  if (!made.descriptor) {
    return system_error(base::ErrorCode::resource, "cannot open a UDP socket", errno,
                        "raise the limit of open files: ulimit -n 65536");
  }
  const int on = 1;
  const int off = 0;
  const int receive_buffer = static_cast<int>(
      std::min<std::uint64_t>(std::uint64_t{config.rx_frames} * config.frame_bytes, 1U << 30));
  // Best effort: what does not work shows in the traffic, or costs only speed.
  if (config.queues > 1) {
    set(at, SOL_SOCKET, SO_REUSEPORT, on);
  }
  set(at, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer);
  set(at, SOL_SOCKET, SO_SNDBUFFORCE, kSendBufferBytes);
  set(at, IPPROTO_IP, IP_PKTINFO, on);
  set(at, IPPROTO_IP, IP_RECVTTL, on);
  set(at, IPPROTO_IP, IP_RECVTOS, on);
  set(at, IPPROTO_IP, IP_TRANSPARENT, on);  // any source address may be sent from
  set(at, IPPROTO_IP, IP_MULTICAST_ALL, off);
  set(at, IPPROTO_IP, IP_MULTICAST_LOOP, off);
  setsockopt(at, SOL_SOCKET, SO_BINDTODEVICE, config.where.c_str(),
             static_cast<socklen_t>(config.where.size()));
  const sockaddr_in name = name_of(local.address, local.port);
  if (bind(at, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    return not_bound(local, config.where, errno);
  }
  if (is_group(local.address)) {
    ip_mreqn group{};
    group.imr_multiaddr.s_addr = htonl(local.address);
    group.imr_ifindex = static_cast<int>(if_nametoindex(config.where.c_str()));
    if (!set(at, IPPROTO_IP, IP_ADD_MEMBERSHIP, group)) {
      return system_error(base::ErrorCode::unavailable,
                          "cannot join " + text_of(local.address) + " on " + config.where, errno,
                          "");
    }
  }
  return made;
}

// The arguments of one recvmmsg or sendmmsg, made once and pointed at frames call by call.
struct Messages {
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, kControlBytes> bytes;
  };
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> payloads{};
  std::array<sockaddr_in, kBatch> names{};
  std::array<Control, kBatch> controls{};

  Messages() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      msghdr& header = headers[i].msg_hdr;
      header.msg_name = &names[i];
      header.msg_iov = &payloads[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].bytes.data();
    }
  }
};

// The sockets of one queue.
struct Sockets {
  std::vector<Socket> all;  // those that receive first
  std::size_t receiving = 0;
  FileDescriptor poll;  // epoll over the receiving ones, when there are several

  [[nodiscard]] static base::Result<Sockets> open(const PortConfig& config, std::uint32_t queue);
  [[nodiscard]] bool has(std::uint16_t port) const noexcept {
    return std::any_of(all.begin(), all.end(), [port](const Socket& s) { return s.port == port; });
  }
};

base::Result<Sockets> Sockets::open(const PortConfig& config, std::uint32_t queue) {
  Sockets made;
  const auto add = [&](const SocketAddress& local) -> base::Status {
    auto socket = open_socket(config, local);
    if (socket) {
      made.all.push_back(std::move(socket).value());
      return {};
    }
    return socket.error();
  };
  base::Status status;
  for (const SocketAddress& local : config.socket.receive) {
    if (status && (queue == 0 || !is_group(local.address))) {
      status = add(local);
    }
  }
  made.receiving = made.all.size();
  for (const std::uint16_t port : config.socket.send_from) {
    if (status && !made.has(port)) {
      status = add({INADDR_ANY, port});
    }
  }
  if (!status) {
    return status.error();
  }
  if (made.receiving > 1) {
    made.poll = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
    for (std::size_t i = 0; i < made.receiving; ++i) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (epoll_ctl(made.poll.get(), EPOLL_CTL_ADD, made.all[i].descriptor.get(), &event) != 0) {
        return system_error(base::ErrorCode::resource, "cannot wait for several sockets", errno,
                            "raise the limit of open files: ulimit -n 65536");
      }
    }
  }
  return made;
}

class SocketPort final : public Port {
 public:
  SocketPort(const PortConfig& config, std::uint32_t queue, Sockets sockets)
      : config_(config),
        interface_(static_cast<int>(if_nametoindex(config.where.c_str()))),
        sockets_(std::move(sockets)),
        by_port_(65536, kNone),
        in_(std::make_unique<Messages>()),
        out_(std::make_unique<Messages>()) {
    for (std::size_t i = sockets_.all.size(); i > 0; --i) {
      by_port_[sockets_.all[i - 1].port] = static_cast<std::uint16_t>(i - 1);
    }
    for (std::uint32_t i = config.rx_frames; i > 0; --i) {
      free_.push_back(std::uint64_t{queue * config.rx_frames + i - 1} * config.frame_bytes);
    }
    done_.reserve(config.tx_descriptors);
    spare_.reserve(kBatch);
    capabilities_.mode = "kernel UDP, recvmmsg and sendmmsg";
    capabilities_.max_frame_bytes = config.frame_bytes;
    capabilities_.makes_headers = true;
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    if (closed_ || frames.empty() || sockets_.receiving == 0) {
      return 0;
    }
    if (sockets_.receiving == 1) {
      return receive(sockets_.all.front(), frames);
    }
    std::array<epoll_event, kBatch> ready;
    ++stats_.system_calls;
    const int count =
        epoll_wait(sockets_.poll.get(), ready.data(), static_cast<int>(ready.size()), 0);
    std::size_t got = 0;
    for (int i = 0; i < count && got < frames.size(); ++i) {
      got +=
          receive(sockets_.all[ready[static_cast<std::size_t>(i)].data.u64], frames.subspan(got));
    }
    return got;
  }

  void recycle(std::span<const ring::Descriptor> frames) noexcept override {
    for (const ring::Descriptor& frame : frames) {
      free_.push_back(frame.address & ~std::uint64_t{config_.frame_bytes - 1});
    }
  }

  std::size_t tx_burst(std::span<const ring::Descriptor> frames) noexcept override {
    const std::size_t room = closed_ ? 0 : config_.tx_descriptors - done_.size();
    const std::size_t wanted = std::min(frames.size(), room);
    std::size_t count = 0;
    bool blocked = false;
    while (count < wanted && !blocked) {
      count += send(frames.subspan(count, std::min(wanted - count, kBatch)), blocked);
    }
    for (const ring::Descriptor& frame : frames.first(count)) {
      stats_.tx_bytes += frame.length;
      done_.push_back(frame.address);
    }
    stats_.tx_frames += count;
    stats_.tx_full += frames.size() - count;
    return count;
  }

  std::size_t reclaim(std::span<std::uint64_t> addresses) noexcept override {
    const std::size_t count = std::min(addresses.size(), done_.size());
    std::copy(done_.end() - static_cast<std::ptrdiff_t>(count), done_.end(), addresses.begin());
    done_.resize(done_.size() - count);
    stats_.tx_completed += count;
    return count;
  }

  PortStats stats() const noexcept override {
    PortStats stats = stats_;
    stats.rx_drop(base::Reason::socket_buffer_full, closed_ ? last_drops_ : drops());
    return stats;
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }
  base::Status status() const override {
    if (error_ == 0) {
      return {};
    }
    return system_error(base::ErrorCode::io, "the UDP sockets have lost their interface", error_,
                        "the interface was deleted or moved while the run went on");
  }
  void close() noexcept override {
    if (!closed_) {
      last_drops_ = drops();
      closed_ = true;
      sockets_ = {};
    }
  }

 private:
  static constexpr std::uint16_t kNone = UINT16_MAX;

  std::size_t receive(const Socket& socket, std::span<ring::Descriptor> frames) noexcept {
    const std::size_t wanted = std::min({frames.size(), free_.size(), kBatch});
    for (std::size_t i = 0; i < wanted; ++i) {
      in_->payloads[i] = {config_.area.data() + free_[free_.size() - 1 - i] + kDatagramHeaderBytes,
                          config_.frame_bytes - kDatagramHeaderBytes};
      in_->headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
      in_->headers[i].msg_hdr.msg_controllen = kControlBytes;
    }
    if (wanted == 0) {
      return 0;
    }
    ++stats_.system_calls;
    const int got = recvmmsg(socket.descriptor.get(), in_->headers.data(),
                             static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
    if (got < 0) {
      note(errno);
      return 0;
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      const std::uint64_t address = free_[free_.size() - 1 - i];
      if (in_->headers[i].msg_hdr.msg_flags & MSG_TRUNC) {
        stats_.rx_drop(base::Reason::frame_too_long);
        spare_.push_back(address);
        continue;
      }
      frames[count] = {address, frame(i, socket.port, config_.area.data() + address), 0};
      stats_.rx_bytes += frames[count++].length;
    }
    free_.resize(free_.size() - static_cast<std::size_t>(got));
    free_.insert(free_.end(), spare_.begin(), spare_.end());
    spare_.clear();
    stats_.rx_frames += count;
    return count;
  }

  // Writes the headers of received message `index`; returns the length of the frame.
  std::uint32_t frame(std::size_t index, std::uint16_t port, std::uint8_t* at) noexcept {
    Datagram datagram;
    datagram.source = ntohl(in_->names[index].sin_addr.s_addr);
    datagram.source_port = ntohs(in_->names[index].sin_port);
    datagram.destination_port = port;
    datagram.payload_bytes = in_->headers[index].msg_len;
    msghdr& header = in_->headers[index].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != IPPROTO_IP) {
        continue;
      }
      if (c->cmsg_type == IP_PKTINFO) {
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(c), sizeof info);
        datagram.destination = ntohl(info.ipi_addr.s_addr);
      } else if (c->cmsg_type == IP_TTL) {
        int ttl = 0;
        std::memcpy(&ttl, CMSG_DATA(c), sizeof ttl);
        datagram.ttl = static_cast<std::uint8_t>(ttl);
      } else if (c->cmsg_type == IP_TOS) {
        datagram.tos = *CMSG_DATA(c);
      }
    }
    return write_headers(at, datagram, config_.socket.own_mac, config_.socket.peer_mac);
  }

  // Sends up to kBatch frames, as many as leave from the same port in a row; returns how many are
  // done with. `blocked`: the kernel takes no more now.
  std::size_t send(std::span<const ring::Descriptor> frames, bool& blocked) noexcept {
    std::size_t count = 0;
    std::uint16_t from = kNone;
    Datagram datagram;
    for (; count < frames.size(); ++count) {
      if (!sendable(frames[count], datagram)) {
        break;
      }
      const std::uint16_t socket = by_port_[datagram.source_port];
      if (socket == kNone || (count != 0 && socket != from)) {
        break;
      }
      from = socket;
      ready(count, frames[count], datagram);
    }
    if (count == 0) {
      stats_.tx_drop(frames.front().length > config_.frame_bytes ? base::Reason::frame_too_long
                                                                 : base::Reason::socket_refused);
      return 1;
    }
    ++stats_.system_calls;
    const int sent = sendmmsg(sockets_.all[from].descriptor.get(), out_->headers.data(),
                              static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent > 0) {
      return static_cast<std::size_t>(sent);
    }
    if (errno == EAGAIN || errno == EINTR) {
      blocked = true;
      return 0;
    }
    stats_.tx_drop(errno == EMSGSIZE ? base::Reason::frame_too_long : base::Reason::socket_refused);
    note(errno);
    return 1;
  }

  [[nodiscard]] bool sendable(const ring::Descriptor& frame, Datagram& datagram) const noexcept {
    return frame.address < config_.area.size() &&
           (frame.address & (config_.frame_bytes - 1)) + frame.length <= config_.frame_bytes &&
           read_datagram({config_.area.data() + frame.address, frame.length}, datagram);
  }

  // Message `index` of the next call.
  void ready(std::size_t index, const ring::Descriptor& frame, const Datagram& datagram) noexcept {
    out_->payloads[index] = {config_.area.data() + frame.address + datagram.payload_at,
                             datagram.payload_bytes};
    out_->names[index] = name_of(datagram.destination, datagram.destination_port);
    msghdr& header = out_->headers[index].msg_hdr;
    header.msg_namelen = sizeof(sockaddr_in);
    std::size_t length = 0;
    const auto put = [&](int type, const auto& value) {
      auto* const c = reinterpret_cast<cmsghdr*>(out_->controls[index].bytes.data() + length);
      c->cmsg_level = IPPROTO_IP;
      c->cmsg_type = type;
      c->cmsg_len = CMSG_LEN(sizeof value);
      std::memcpy(CMSG_DATA(c), &value, sizeof value);
      length += CMSG_SPACE(sizeof value);
    };
    in_pktinfo info{};
    info.ipi_ifindex = interface_;
    info.ipi_spec_dst.s_addr = htonl(datagram.source);
    put(IP_PKTINFO, info);
    if (datagram.ttl != kUsualTtl || is_group(datagram.destination)) {
      put(IP_TTL, static_cast<int>(datagram.ttl));
    }
    if (datagram.tos != 0) {
      put(IP_TOS, static_cast<int>(datagram.tos));
    }
    header.msg_controllen = length;
  }

  void note(int error) noexcept {
    if (error == ENODEV || error == ENXIO) {
      error_ = error;
    }
  }
  [[nodiscard]] std::uint64_t drops() const noexcept {
    std::uint64_t sum = 0;
    for (const Socket& socket : sockets_.all) {
      sum += socket.drops();
    }
    return sum;
  }

  PortConfig config_;
  int interface_;
  Sockets sockets_;
  std::vector<std::uint16_t> by_port_;  // index in sockets_.all
  std::unique_ptr<Messages> in_;
  std::unique_ptr<Messages> out_;
  std::vector<std::uint64_t> free_;   // rx frames
  std::vector<std::uint64_t> spare_;  // of the current call
  std::vector<std::uint64_t> done_;   // sent, not yet reclaimed
  Capabilities capabilities_;
  PortStats stats_;
  std::uint64_t last_drops_ = 0;
  int error_ = 0;
  bool closed_ = false;
};

}  // namespace

base::Result<Ports> create_socket(const PortConfig& config) {
  if (if_nametoindex(config.where.c_str()) == 0) {
    return base::Error{base::ErrorCode::invalid,
                       "there is no network interface '" + config.where + "'",
                       "name one that `ip link` lists"};
  }
  Ports ports;
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    auto sockets = Sockets::open(config, queue);
    if (!sockets) {
      return sockets.error();
    }
    ports.push_back(std::make_unique<SocketPort>(config, queue, std::move(sockets).value()));
  }
  return ports;
}

}  // namespace ringbed::port
