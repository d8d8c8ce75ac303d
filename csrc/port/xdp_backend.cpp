// Backend `xdp`: whether there is AF_XDP here, and how its ports are opened: the program, a socket
// a queue over one umem, and what the options ask for beside them.
#include <net/if.h>
#include <sys/socket.h>

#include "port/backends.hpp"
#include "port/xdp_port.hpp"

namespace ringbed::port {

Availability xdp_available() noexcept {
  const FileDescriptor probe(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (probe) {
    return {};
  }
  switch (errno) {
    case EPERM:
      return {false, "no privilege to open an AF_XDP socket",
              "run as root, or give the program CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF"};
    case EAFNOSUPPORT:
      return {false, "this kernel has no AF_XDP",
              "boot a kernel that is built with CONFIG_XDP_SOCKETS"};
    default: return {false, "the kernel refuses an AF_XDP socket", ""};
  }
}

namespace {

// For busy polling, as Documentation/networking/napi.rst has it: polls that find nothing before the
// driver raises interrupts again, and for how long it may be left alone in between.
constexpr std::uint32_t kDeferHardIrqs = 2;
constexpr std::uint64_t kGroFlushTimeoutNs = 200'000;

// The sender of live frames, or null where the options want none.
base::Result<std::unique_ptr<LiveSender>> open_live(const PortConfig& config,
                                                    const XdpSocket& socket) {
  const Choice wanted = config.xdp.live_frames;
  const bool possible = config.queues == 1 && !socket.zero_copy();
  if (wanted == Choice::off || (wanted == Choice::automatic && !possible)) {
    return std::unique_ptr<LiveSender>();
  }
  if (config.queues != 1) {
    return base::Error{base::ErrorCode::unavailable,
                       "live frames cannot choose the queue that they arrive on, and the scenario "
                       "has " +
                           std::to_string(config.queues) + " queues",
                       "set nic.queues: 1, or device.xdp.liveFrames: off"};
  }
  KernelOptions options;
  options.longest_frame = std::min(config.frame_bytes, FrameWriter::kMaxFrameBytes);
  auto sender = LiveSender::open(config.where, config.tx_descriptors, options);
  if (!sender && wanted == Choice::automatic) {
    return std::unique_ptr<LiveSender>();
  }
  return sender;
}

}  // namespace

base::Result<Ports> create_xdp(const PortConfig& config) {
  const std::uint32_t interface = if_nametoindex(config.where.c_str());
  if (interface == 0) {
    return base::Error{base::ErrorCode::invalid,
                       "there is no network interface '" + config.where + "'",
                       "name one that `ip link` lists"};
  }
  auto program = config.xdp.foreign.sockets >= 0
                     ? XdpProgram::borrow(config.xdp.foreign)
                     : XdpProgram::attach(interface, {config.queues, config.xdp.mode,
                                                      config.frame_bytes > kMaxChunkBytes,
                                                      config.xdp.stamp_function});
  if (!program) {
    return program.error();
  }
  auto shared = std::make_shared<XdpProgram>(std::move(program).value());
  // All sockets first: the umem is shared from the first one, which must not move in between.
  std::vector<XdpSocket> sockets;
  sockets.reserve(config.queues);
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    auto socket =
        XdpSocket::open(interface, queue, config, queue == 0 ? nullptr : &sockets.front());
    if (!socket) {
      return socket.error();
    }
    sockets.push_back(std::move(socket).value());
    if (base::Status status = shared->serve(queue, sockets.back().descriptor()); !status) {
      return status.error();
    }
  }
  std::shared_ptr<DeferredInterrupts> deferred;
  if (sockets.front().busy_poll()) {
    // Without it (an older kernel) busy polling is an attempt beside the interrupts; the mode says
    // so.
    if (auto set = DeferredInterrupts::set(interface, kDeferHardIrqs, kGroFlushTimeoutNs)) {
      deferred = std::make_shared<DeferredInterrupts>(std::move(set).value());
    }
  }
  auto live = open_live(config, sockets.front());
  if (!live) {
    return live.error();
  }
  Ports ports;
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    ports.push_back(make_xdp_port(
        config, queue, {std::move(sockets[queue]), shared, deferred, std::move(live.value())}));
  }
  return ports;
}

}  // namespace ringbed::port
