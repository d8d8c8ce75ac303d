#include "port/xdp_socket.hpp"

#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>

namespace ringbed::port {

namespace {

constexpr const char* kKernel =
    "boot a kernel that is built with CONFIG_XDP_SOCKETS (Debian's and Ubuntu's are)";
constexpr const char* kPrivilege = "run as root, or give the program CAP_NET_RAW";
constexpr std::uint16_t kUseSg = 1 << 4;  // XDP_USE_SG; newer than the headers of some systems

constexpr const char* kMemory = "raise the limit of locked memory: ulimit -l unlimited";

base::Error refused(const std::string& what, int error) {
  switch (error) {
    case EPERM: return system_error(base::ErrorCode::unavailable, what, error, kPrivilege);
    case EAFNOSUPPORT: return system_error(base::ErrorCode::unavailable, what, error, kKernel);
    case ENOMEM:
    case ENOBUFS: return system_error(base::ErrorCode::resource, what, error, kMemory);
    default: return system_error(base::ErrorCode::unavailable, what, error, "");
  }
}

base::Error not_bound(std::uint32_t queue, int error) {
  const std::string what = "cannot bind an AF_XDP socket to queue " + std::to_string(queue);
  switch (error) {
    case EBUSY:
      return system_error(base::ErrorCode::unavailable, what, error,
                          "another program has an AF_XDP socket on this queue: end it, or use "
                          "another interface");
    case EINVAL:
    case ERANGE:
      return system_error(base::ErrorCode::unavailable, what, error,
                          "the interface has not so many queues: `ethtool -L IF combined N`, or "
                          "a smaller nic.queues");
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
      return system_error(base::ErrorCode::unavailable, what, error,
                          "the driver cannot do zero-copy: use the copy mode");
    case ENETDOWN:
      return system_error(base::ErrorCode::unavailable, what, error, "ip link set dev IF up");
    default: return refused(what, error);
  }
}

template <typename T>
bool set(int socket, int level, int option, const T& value) noexcept {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

// Maps one ring; Memory is what the ring classes take.
template <typename T>
base::Result<RingMapping> map_ring(int socket, std::uint64_t page, const xdp_ring_offset& offsets,
                                   std::uint32_t size, ring::RingMemory<T>& memory) {
  const std::size_t bytes = offsets.desc + std::size_t{size} * sizeof(T);
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, socket,
                        static_cast<off_t>(page));
  if (at == MAP_FAILED) {
    return refused("cannot map an AF_XDP ring", errno);
  }
  RingMapping mapping(at, bytes);
  memory = {reinterpret_cast<std::uint32_t*>(mapping.at(offsets.producer)),
            reinterpret_cast<std::uint32_t*>(mapping.at(offsets.consumer)),
            reinterpret_cast<std::uint32_t*>(mapping.at(offsets.flags)),
            reinterpret_cast<T*>(mapping.at(offsets.desc)), size};
  return mapping;
}

}  // namespace

RingMapping::~RingMapping() {
  if (at_ != nullptr) {
    munmap(at_, bytes_);
  }
}

base::Result<XdpSocket> XdpSocket::open(std::uint32_t interface, std::uint32_t queue,
                                        const PortConfig& config, const XdpSocket* first) {
  XdpSocket made;
  made.socket_ = FileDescriptor(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!made.socket_) {
    return refused("cannot open an AF_XDP socket", errno);
  }
  if (first == nullptr) {
    if (base::Status status = made.register_umem(config); !status) {
      return status.error();
    }
  }
  if (base::Status status = made.map_rings(config); !status) {
    return status.error();
  }
  if (base::Status status = made.bind(interface, queue, config, first); !status) {
    return status.error();
  }
  made.raise_tx_budget(std::bit_ceil(config.tx_descriptors));
  made.prefer_busy_poll(config.xdp);
  return made;
}

base::Status XdpSocket::register_umem(const PortConfig& config) {
  xdp_umem_reg umem{};
  umem.addr = reinterpret_cast<std::uintptr_t>(config.area.data());
  umem.len = std::uint64_t{config.frames()} * config.frame_bytes;
  umem.chunk_size = std::min(config.frame_bytes, kMaxChunkBytes);
  if (!set(socket_.get(), SOL_XDP, XDP_UMEM_REG, umem)) {
    if (errno == EINVAL) {
      return base::Error{
          base::ErrorCode::invalid,
          "AF_XDP refuses frames of " + std::to_string(config.frame_bytes) + " bytes",
          "use a power of two, 2048 or more"};
    }
    return refused("cannot register " + std::to_string(umem.len) + " bytes with AF_XDP", errno);
  }
  return {};
}

base::Status XdpSocket::map_rings(const PortConfig& config) {
  const std::uint32_t rx_size = std::bit_ceil(config.rx_frames);
  const std::uint32_t tx_size = std::bit_ceil(config.tx_descriptors);
  const int at = socket_.get();
  if (!set(at, SOL_XDP, XDP_UMEM_FILL_RING, rx_size) ||
      !set(at, SOL_XDP, XDP_UMEM_COMPLETION_RING, tx_size) ||
      !set(at, SOL_XDP, XDP_RX_RING, rx_size) || !set(at, SOL_XDP, XDP_TX_RING, tx_size)) {
    return refused("cannot make AF_XDP rings", errno);
  }
  xdp_mmap_offsets offsets{};
  socklen_t length = sizeof offsets;
  if (getsockopt(at, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0 ||
      length != sizeof offsets) {
    return base::Error{base::ErrorCode::unavailable,
                       "this kernel's AF_XDP rings have no flags (need_wakeup)",
                       "boot Linux 5.4 or newer"};
  }
  ring::RingMemory<std::uint64_t> addresses;
  ring::RingMemory<ring::Descriptor> descriptors;
  auto map = [&](std::uint64_t page, const xdp_ring_offset& offset, std::uint32_t size,
                 auto& memory, auto& ring, RingMapping& into) -> base::Status {
    auto mapping = map_ring(at, page, offset, size, memory);
    if (!mapping) {
      return mapping.error();
    }
    into = std::move(mapping).value();
    ring = std::decay_t<decltype(ring)>(memory);
    return {};
  };
  base::Status status =
      map(XDP_UMEM_PGOFF_FILL_RING, offsets.fr, rx_size, addresses, fill, fill_memory_);
  if (status) {
    status = map(XDP_UMEM_PGOFF_COMPLETION_RING, offsets.cr, tx_size, addresses, completion,
                 completion_memory_);
  }
  if (status) {
    status = map(XDP_PGOFF_RX_RING, offsets.rx, rx_size, descriptors, rx, rx_memory_);
  }
  if (status) {
    status = map(XDP_PGOFF_TX_RING, offsets.tx, tx_size, descriptors, tx, tx_memory_);
  }
  return status;
}

base::Status XdpSocket::bind(std::uint32_t interface, std::uint32_t queue, const PortConfig& config,
                             const XdpSocket* first) {
  sockaddr_xdp address{};
  address.sxdp_family = AF_XDP;
  address.sxdp_ifindex = interface;
  address.sxdp_queue_id = queue;
  const auto try_bind = [&] {
    return ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  };
  if (first != nullptr) {
    // Mode and wake-up are those of the first socket.
    address.sxdp_flags = XDP_SHARED_UMEM;
    address.sxdp_shared_umem_fd = static_cast<std::uint32_t>(first->descriptor());
    need_wakeup_ = first->need_wakeup_;
    if (!try_bind()) {
      return not_bound(queue, errno);
    }
  } else {
    const std::uint16_t pieces = config.frame_bytes > kMaxChunkBytes ? kUseSg : 0;
    const auto wakeup =
        static_cast<std::uint16_t>(pieces | (config.xdp.need_wakeup ? XDP_USE_NEED_WAKEUP : 0));
    need_wakeup_ = config.xdp.need_wakeup;
    bool bound = false;
    if (config.xdp.copy != XdpCopy::copy) {
      address.sxdp_flags = static_cast<std::uint16_t>(XDP_ZEROCOPY | wakeup);
      bound = try_bind();
    }
    if (!bound && config.xdp.copy != XdpCopy::zero_copy) {
      address.sxdp_flags = static_cast<std::uint16_t>(XDP_COPY | wakeup);
      bound = try_bind();
    }
    if (!bound) {
      return not_bound(queue, errno);
    }
  }
  xdp_options options{};
  socklen_t length = sizeof options;
  if (getsockopt(socket_.get(), SOL_XDP, XDP_OPTIONS, &options, &length) == 0) {
    zero_copy_ = (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
  }
  return {};
}

// In copy mode a call sends 32 frames; from Linux 6.17 on as many as the ring holds, if asked.
void XdpSocket::raise_tx_budget(std::uint32_t tx_size) noexcept {
  constexpr int kMaxTxBudget = 9;  // XDP_MAX_TX_SKB_BUDGET
  set(socket_.get(), SOL_XDP, kMaxTxBudget, tx_size);
}

// Best effort: without it the socket works as before, and capabilities() does not claim it. The
// kernel polls the NAPI instance that the driver has named for the queue (netif_queue_set_napi); a
// driver that names none, as veth, is never polled, whatever the options say.
void XdpSocket::prefer_busy_poll(const XdpOptions& options) noexcept {
  int napi = 0;
  socklen_t length = sizeof napi;
  if (options.busy_poll == Choice::off || (options.busy_poll == Choice::automatic && !zero_copy_) ||
      getsockopt(socket_.get(), SOL_SOCKET, SO_INCOMING_NAPI_ID, &napi, &length) != 0 ||
      napi == 0) {
    return;
  }
  const int on = 1;
  const int micros = static_cast<int>(options.busy_poll_us);
  const int budget = static_cast<int>(options.busy_poll_budget);
  busy_poll_ = set(socket_.get(), SOL_SOCKET, SO_PREFER_BUSY_POLL, on) &&
               set(socket_.get(), SOL_SOCKET, SO_BUSY_POLL, micros) &&
               set(socket_.get(), SOL_SOCKET, SO_BUSY_POLL_BUDGET, budget);
}

XdpStatistics XdpSocket::statistics() const noexcept {
  xdp_statistics raw{};
  socklen_t length = sizeof raw;
  if (getsockopt(socket_.get(), SOL_XDP, XDP_STATISTICS, &raw, &length) != 0) {
    return {};
  }
  return {raw.rx_dropped,   raw.rx_invalid_descs,         raw.tx_invalid_descs,
          raw.rx_ring_full, raw.rx_fill_ring_empty_descs, raw.tx_ring_empty_descs};
}

}  // namespace ringbed::port
