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
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "port/backends.hpp"
#include "port/udp_messages.hpp"
#include "port/udp_rows.hpp"
#include "port/udp_socket.hpp"

namespace ringbed::port {

namespace {

constexpr std::size_t kBatch = UdpMessages::kMost;

// The sockets of one queue.
struct Sockets {
  std::vector<UdpSocket> all;  // those that receive first
  GrantedTuning granted;
  std::size_t receiving = 0;
  FileDescriptor poll;  // epoll over the receiving ones, when there are several

  [[nodiscard]] static base::Result<Sockets> open(const PortConfig& config, std::uint32_t queue);
  [[nodiscard]] bool has(std::uint16_t port) const noexcept {
    return std::any_of(all.begin(), all.end(),
                       [port](const UdpSocket& s) { return s.port == port; });
  }
};

base::Result<Sockets> Sockets::open(const PortConfig& config, std::uint32_t queue) {
  Sockets made;
  const auto add = [&](const SocketAddress& local) -> base::Status {
    auto socket = UdpSocket::open(config, local, made.granted);
    if (socket) {
      made.all.push_back(std::move(socket).value());
      return {};
    }
    return socket.error();
  };
  base::Status status;
  for (const SocketAddress& local : config.socket.receive) {
    if (status && (queue == 0 || !local.address.is_group())) {
      status = add(local);
    }
  }
  made.receiving = made.all.size();
  for (const std::uint16_t port : config.socket.send_from) {
    if (status && !made.has(port)) {
      status = add({NetAddress::any(config.socket.v6), port});
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
        header_bytes_(datagram_header_bytes(config.socket.v6)),
        sockets_(std::move(sockets)),
        by_port_(65536, kNone),
        rows_(config.socket.tuning.gro && sockets_.granted.gro ? std::make_unique<UdpRows>()
                                                               : nullptr),
        gso_(config.socket.tuning.gso && sockets_.granted.gso),
        in_(std::make_unique<UdpMessages>()),
        out_(std::make_unique<UdpMessages>()) {
    for (std::size_t i = sockets_.all.size(); i > 0; --i) {
      by_port_[sockets_.all[i - 1].port] = static_cast<std::uint16_t>(i - 1);
    }
    for (std::uint32_t i = config.rx_frames; i > 0; --i) {
      free_.push_back(std::uint64_t{queue * config.rx_frames + i - 1} * config.frame_bytes);
    }
    done_.reserve(config.tx_descriptors);
    spare_.reserve(kBatch);
    tell_mode();
    capabilities_.max_frame_bytes = config.frame_bytes;
    capabilities_.makes_headers = true;
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    if (closed_ || frames.empty() || sockets_.receiving == 0) {
      return 0;
    }
    if (rows_ != nullptr && !rows_->empty()) {
      return cut(frames);
    }
    if (sockets_.receiving == 1) {
      return receive(sockets_.all.front(), frames);
    }
    std::array<epoll_event, kBatch> ready;
    ++stats_.system_calls;
    const int count =
        epoll_wait(sockets_.poll.get(), ready.data(), static_cast<int>(ready.size()), 0);
    std::size_t got = 0;
    for (int i = 0; i < count && got < frames.size() && (rows_ == nullptr || rows_->empty()); ++i) {
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

  std::size_t receive(const UdpSocket& socket, std::span<ring::Descriptor> frames) noexcept {
    if (rows_ != nullptr) {
      return receive_rows(socket, frames);
    }
    const std::size_t wanted = std::min({frames.size(), free_.size(), kBatch});
    for (std::size_t i = 0; i < wanted; ++i) {
      in_->expect(i, at(free_[free_.size() - 1 - i]) + header_bytes_,
                  config_.frame_bytes - header_bytes_);
    }
    const std::size_t got = call(socket, wanted);
    std::size_t count = 0;
    for (std::size_t i = 0; i < got; ++i) {
      const std::uint64_t address = free_[free_.size() - 1 - i];
      Datagram datagram;
      std::uint32_t segment = 0;
      if (!in_->arrived(i, datagram, segment)) {
        stats_.rx_drop(base::Reason::frame_too_long);
        spare_.push_back(address);
        continue;
      }
      datagram.destination_port = socket.port;
      frames[count++] = framed(address, datagram);
    }
    free_.resize(free_.size() - got);
    free_.insert(free_.end(), spare_.begin(), spare_.end());
    spare_.clear();
    return count;
  }

  // The same where datagrams come in rows.
  std::size_t receive_rows(const UdpSocket& socket, std::span<ring::Descriptor> frames) noexcept {
    for (std::size_t i = 0; i < UdpRows::kMost; ++i) {
      in_->expect(i, rows_->room(i), UdpRows::kBytes);
    }
    const std::size_t got = call(socket, free_.empty() ? 0 : UdpRows::kMost);
    for (std::size_t i = 0; i < got; ++i) {
      Datagram datagram;
      std::uint32_t segment = 0;
      if (!in_->arrived(i, datagram, segment)) {
        stats_.rx_drop(base::Reason::frame_too_long);
        continue;
      }
      datagram.destination_port = socket.port;
      rows_->add(i, datagram, segment);
    }
    return cut(frames);
  }

  // Frames of the rows that are there, as far as there is room.
  std::size_t cut(std::span<ring::Descriptor> frames) noexcept {
    std::size_t count = 0;
    while (count < frames.size() && !rows_->empty() && !free_.empty()) {
      const std::uint8_t* payload = nullptr;
      const Datagram datagram = rows_->take(payload);
      if (datagram.payload_bytes > config_.frame_bytes - header_bytes_) {
        stats_.rx_drop(base::Reason::frame_too_long);
        continue;
      }
      const std::uint64_t address = free_.back();
      free_.pop_back();
      std::copy_n(payload, datagram.payload_bytes, at(address) + header_bytes_);
      frames[count++] = framed(address, datagram);
    }
    return count;
  }

  // Up to `wanted` messages; returns how many came.
  std::size_t call(const UdpSocket& socket, std::size_t wanted) noexcept {
    if (wanted == 0) {
      return 0;
    }
    ++stats_.system_calls;
    const int got = recvmmsg(socket.descriptor.get(), in_->headers(), static_cast<unsigned>(wanted),
                             MSG_DONTWAIT, nullptr);
    if (got < 0) {
      note(errno);
    }
    return got < 0 ? 0 : static_cast<std::size_t>(got);
  }

  // Writes the headers in front of the payload.
  ring::Descriptor framed(std::uint64_t address, const Datagram& datagram) noexcept {
    const ring::Descriptor frame{
        address,
        write_headers(at(address), datagram, config_.socket.own_mac, config_.socket.peer_mac), 0};
    ++stats_.rx_frames;
    stats_.rx_bytes += frame.length;
    return frame;
  }
  [[nodiscard]] std::uint8_t* at(std::uint64_t address) const noexcept {
    return config_.area.data() + address;
  }

  // Sends up to kBatch frames, as many as leave from the same port in a row; returns how many are
  // done with. `blocked`: the kernel takes no more now.
  std::size_t send(std::span<const ring::Descriptor> frames, bool& blocked) noexcept {
    std::size_t count = 0;
    std::uint16_t from = kNone;
    Datagram datagram;
    out_->clear();
    for (; count < frames.size() && sendable(frames[count], datagram); ++count) {
      const std::uint16_t socket = by_port_[datagram.source_port];
      if (socket == kNone || (count != 0 && socket != from)) {
        break;
      }
      from = socket;
      out_->add(datagram, at(frames[count].address) + datagram.payload_at, interface_, gso_);
    }
    if (count == 0) {
      stats_.tx_drop(frames.front().length > config_.frame_bytes ? base::Reason::frame_too_long
                                                                 : base::Reason::socket_refused);
      return 1;
    }
    ++stats_.system_calls;
    const int sent = sendmmsg(sockets_.all[from].descriptor.get(), out_->headers(),
                              static_cast<unsigned>(out_->messages()), MSG_DONTWAIT);
    if (sent > 0) {
      std::size_t done = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) {
        done += out_->datagrams(i);
      }
      return done;
    }
    if (errno == EAGAIN || errno == EINTR) {
      blocked = true;
      return 0;
    }
    if (out_->datagrams(0) > 1) {  // one by one, then: the interface or the route cannot have rows
      gso_ = sockets_.granted.gso = false;
      tell_mode();
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

  void tell_mode() {
    capabilities_.mode =
        "kernel UDP, recvmmsg and sendmmsg" + sockets_.granted.text(config_.socket.tuning);
  }
  void note(int error) noexcept {
    if (error == ENODEV || error == ENXIO) {
      error_ = error;
    }
  }
  [[nodiscard]] std::uint64_t drops() const noexcept {
    std::uint64_t sum = 0;
    for (const UdpSocket& socket : sockets_.all) {
      sum += socket.drops();
    }
    return sum;
  }

  PortConfig config_;
  int interface_;
  std::uint32_t header_bytes_;  // in front of every payload that is received
  Sockets sockets_;
  std::vector<std::uint16_t> by_port_;  // index in sockets_.all
  std::unique_ptr<UdpRows> rows_;       // where datagrams come in rows
  bool gso_;
  std::unique_ptr<UdpMessages> in_;
  std::unique_ptr<UdpMessages> out_;
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
