// Backend `packet`: AF_PACKET with memory-mapped TPACKET_V3 rings (packet(7); Linux,
// Documentation/networking/packet_mmap.rst). The kernel's stack sees every frame too, and every
// frame is copied once between ring and umem: it needs no XDP and works on any interface.
//
//   receive: blocks of frames; a block is the reader's when it is full or a millisecond old
//   send:    slots of one frame each; a slot is free again when the kernel has let its frame go
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <vector>

#include "port/backends.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

namespace {

// Each block closes after kRetireMs, however little came: in a thin stream a block is a frame or
// two, and as many milliseconds as there are blocks is what a reader may fall behind. So they are
// small.
constexpr std::uint32_t kLeastBlockBytes = 1U << 13;
constexpr std::uint32_t kMinBlocks = 16;
constexpr std::uint32_t kRetireMs = 1;         // the least there is
constexpr std::uint32_t kBlockOverhead = 256;  // its header and that of a frame
constexpr std::uint32_t kTxBlockBytes = 1U << 17;
constexpr std::uint32_t kTagBytes = 4;
constexpr std::uint32_t kAddressBytes = 12;
// Where the kernel looks for the data of a frame to send.
constexpr std::uint32_t kTxData = TPACKET_ALIGN(sizeof(tpacket3_hdr));

base::Error refused(const std::string& what, int error) {
  const char* const hint = error == EPERM || error == EACCES
                               ? "run as root, or give the program CAP_NET_RAW"
                           : error == ENOMEM ? "make nic.rxDescriptors or txDescriptors smaller"
                                             : "";
  return system_error(error == ENOMEM ? base::ErrorCode::resource : base::ErrorCode::unavailable,
                      what, error, hint);
}

template <typename T>
bool set(int socket, int option, const T& value) noexcept {
  return setsockopt(socket, SOL_PACKET, option, &value, sizeof value) == 0;
}

std::uint32_t load_status(std::uint32_t& status) noexcept {
  return std::atomic_ref(status).load(std::memory_order_acquire);
}
void store_status(std::uint32_t& status, std::uint32_t value) noexcept {
  std::atomic_ref(status).store(value, std::memory_order_release);
}

// The socket with both rings, in one mapping: the receive blocks, then the transmit slots.
class PacketRings {
 public:
  PacketRings() = default;
  PacketRings(PacketRings&& other) noexcept
      : socket(std::move(other.socket)),
        memory(std::exchange(other.memory, nullptr)),
        bytes(other.bytes),
        blocks(other.blocks),
        block_bytes(other.block_bytes),
        slots(other.slots),
        slot_bytes(other.slot_bytes),
        mtu(other.mtu) {}
  PacketRings& operator=(PacketRings&&) = delete;
  ~PacketRings() {
    if (memory != nullptr) {
      munmap(memory, bytes);
    }
  }

  [[nodiscard]] static base::Result<PacketRings> open(const PortConfig& config,
                                                      std::uint32_t interface);

  FileDescriptor socket;
  std::uint8_t* memory = nullptr;
  std::size_t bytes = 0;
  std::uint32_t blocks = 0;
  std::uint32_t block_bytes = 0;
  std::uint32_t slots = 0;
  std::uint32_t slot_bytes = 0;
  std::uint32_t mtu = 0;
};

base::Result<PacketRings> PacketRings::open(const PortConfig& config, std::uint32_t interface) {
  PacketRings made;
  // No protocol yet: nothing arrives before everything is in place.
  made.socket = FileDescriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int at = made.socket.get();
  if (!made.socket) {
    return refused("cannot open a packet socket", errno);
  }
  ifreq request{};
  config.where.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(at, SIOCGIFMTU, &request) == 0) {
    made.mtu = static_cast<std::uint32_t>(request.ifr_mtu);
  }
  made.block_bytes = std::max(kLeastBlockBytes, std::bit_ceil(config.frame_bytes + kBlockOverhead));
  const std::uint64_t wanted =
      std::uint64_t{config.rx_frames} * config.frame_bytes / made.block_bytes;
  tpacket_req3 rx{};
  rx.tp_block_size = made.block_bytes;
  rx.tp_block_nr = std::max(static_cast<std::uint32_t>(wanted), kMinBlocks);
  rx.tp_frame_size = config.frame_bytes;
  rx.tp_frame_nr = rx.tp_block_size / rx.tp_frame_size * rx.tp_block_nr;
  rx.tp_retire_blk_tov = kRetireMs;
  tpacket_req3 tx{};
  made.slot_bytes = std::bit_ceil(config.frame_bytes + kTxData);
  made.slots = std::bit_ceil(config.tx_descriptors);
  tx.tp_frame_size = made.slot_bytes;
  tx.tp_block_size = std::max(kTxBlockBytes, made.slot_bytes);
  const std::uint32_t slots_a_block = tx.tp_block_size / made.slot_bytes;
  tx.tp_block_nr = (made.slots + slots_a_block - 1) / slots_a_block;
  made.slots = tx.tp_block_nr * slots_a_block;
  tx.tp_frame_nr = made.slots;
  const int version = TPACKET_V3;
  const int on = 1;
  if (!set(at, PACKET_VERSION, version) || !set(at, PACKET_LOSS, on) ||
      !set(at, PACKET_RX_RING, rx) || !set(at, PACKET_TX_RING, tx)) {
    return refused("cannot make the rings of a packet socket", errno);
  }
  // Straight to the driver, and not what we send ourselves; older kernels do without.
  set(at, PACKET_QDISC_BYPASS, on);
  set(at, PACKET_IGNORE_OUTGOING, on);
  made.blocks = rx.tp_block_nr;
  made.bytes = std::size_t{rx.tp_block_nr} * rx.tp_block_size +
               std::size_t{tx.tp_block_nr} * tx.tp_block_size;
  void* const mapped = mmap(nullptr, made.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, at, 0);
  if (mapped == MAP_FAILED) {
    return refused("cannot map the rings of a packet socket", errno);
  }
  made.memory = static_cast<std::uint8_t*>(mapped);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(interface);
  if (bind(at, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return refused("cannot bind a packet socket to " + config.where, errno);
  }
  return made;
}

class PacketPort final : public Port {
 public:
  PacketPort(const PortConfig& config, std::uint32_t queue, PacketRings rings)
      : rings_(std::move(rings)), area_(config.area), frame_bytes_(config.frame_bytes) {
    capabilities_.mode = "TPACKET_V3, copy";
    capabilities_.max_frame_bytes = config.frame_bytes;
    capabilities_.taps_stack = true;
    for (std::uint32_t i = config.rx_frames; i > 0; --i) {
      free_.push_back(std::uint64_t{queue * config.rx_frames + i - 1} * frame_bytes_);
    }
    slots_.resize(rings_.slots, kFree);
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    std::size_t count = 0;
    while (!closed_ && count < frames.size() && !free_.empty() && open_block()) {
      const auto& header = *reinterpret_cast<const tpacket3_hdr*>(next_packet_);
      if (ring::Descriptor frame; take(header, frame)) {
        frames[count++] = frame;
        stats_.rx_bytes += frame.length;
      }
      next_packet_ += header.tp_next_offset;
      if (--packets_left_ == 0) {
        store_status(block().hdr.bh1.block_status, TP_STATUS_KERNEL);
        block_ = block_ + 1 == rings_.blocks ? 0 : block_ + 1;
      }
    }
    stats_.rx_frames += count;
    return count;
  }

  void recycle(std::span<const ring::Descriptor> frames) noexcept override {
    for (const ring::Descriptor& frame : frames) {
      free_.push_back(frame.address & ~std::uint64_t{frame_bytes_ - 1});
    }
  }

  std::size_t tx_burst(std::span<const ring::Descriptor> frames) noexcept override {
    std::size_t count = 0;
    for (; !closed_ && count < frames.size() && in_use_ < rings_.slots; ++count) {
      put(frames[count]);
    }
    stats_.tx_frames += count;
    stats_.tx_full += frames.size() - count;
    if (count != 0) {
      kick();
    }
    return count;
  }

  // In the order of sending: a slot that is not done holds up those behind it.
  std::size_t reclaim(std::span<std::uint64_t> addresses) noexcept override {
    std::size_t count = 0;
    bool kicked = closed_;
    while (count < addresses.size() && in_use_ != 0) {
      const std::uint32_t status = load_status(slot(oldest_).tp_status);
      const bool over = status == TP_STATUS_AVAILABLE || closed_;
      if (!over && !kicked) {
        kicked = true;
        kick();
        continue;
      }
      if (!over) {
        break;
      }
      addresses[count++] = slots_[oldest_];
      slots_[oldest_] = kFree;
      oldest_ = next(oldest_);
      --in_use_;
    }
    stats_.tx_completed += count;
    return count;
  }

  PortStats stats() const noexcept override {
    if (!closed_) {
      read_drops();
    }
    PortStats stats = stats_;
    stats.rx_drop(base::Reason::rx_ring_full, kernel_drops_);
    return stats;
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }
  base::Status status() const override {
    if (error_ == 0) {
      return {};
    }
    return system_error(base::ErrorCode::io, "the packet socket has lost its interface", error_,
                        "the interface was deleted or moved while the run went on");
  }
  void close() noexcept override {
    if (!closed_) {
      read_drops();
      closed_ = true;
      rings_.socket.reset();
    }
  }

 private:
  static constexpr std::uint64_t kFree = UINT64_MAX;

  [[nodiscard]] tpacket_block_desc& block() noexcept {
    return *reinterpret_cast<tpacket_block_desc*>(rings_.memory +
                                                  std::size_t{block_} * rings_.block_bytes);
  }
  [[nodiscard]] tpacket3_hdr& slot(std::uint32_t index) noexcept {
    return *reinterpret_cast<tpacket3_hdr*>(rings_.memory +
                                            std::size_t{rings_.blocks} * rings_.block_bytes +
                                            std::size_t{index} * rings_.slot_bytes);
  }
  [[nodiscard]] std::uint32_t next(std::uint32_t index) const noexcept {
    return index + 1 == rings_.slots ? 0 : index + 1;
  }

  // True when there is a packet at next_packet_.
  bool open_block() noexcept {
    if (packets_left_ != 0) {
      return true;
    }
    tpacket_hdr_v1& header = block().hdr.bh1;
    if ((load_status(header.block_status) & TP_STATUS_USER) == 0 || header.num_pkts == 0) {
      return false;
    }
    packets_left_ = header.num_pkts;
    next_packet_ = reinterpret_cast<std::uint8_t*>(&block()) + header.offset_to_first_pkt;
    return true;
  }

  // Copies a packet to a free rx frame; the tag that the kernel took out goes back in. False: it
  // does not fit.
  bool take(const tpacket3_hdr& header, ring::Descriptor& frame) noexcept {
    const auto* const from = reinterpret_cast<const std::uint8_t*>(&header) + header.tp_mac;
    const bool tagged = (header.tp_status & TP_STATUS_VLAN_VALID) != 0;
    const std::uint32_t length = header.tp_snaplen + (tagged ? kTagBytes : 0);
    if (header.tp_snaplen < header.tp_len || length > frame_bytes_ ||
        header.tp_snaplen < kAddressBytes) {
      stats_.rx_drop(base::Reason::frame_too_long);
      return false;
    }
    frame = {free_.back(), length, 0};
    free_.pop_back();
    std::uint8_t* const to = area_.data() + frame.address;
    if (!tagged) {
      std::copy_n(from, length, to);
      return true;
    }
    const bool has_type = (header.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    std::copy_n(from, kAddressBytes, to);
    base::store_be(to + kAddressBytes,
                   has_type ? header.hv1.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q});
    base::store_be(to + kAddressBytes + 2, static_cast<std::uint16_t>(header.hv1.tp_vlan_tci));
    std::copy_n(from + kAddressBytes, header.tp_snaplen - kAddressBytes,
                to + kAddressBytes + kTagBytes);
    return true;
  }

  [[nodiscard]] bool sendable(const ring::Descriptor& frame) const noexcept {
    if (frame.length < ETH_HLEN || frame.address >= area_.size() ||
        (frame.address & (frame_bytes_ - 1)) + frame.length > frame_bytes_) {
      return false;
    }
    const auto type = base::load_be<std::uint16_t>(area_.data() + frame.address + kAddressBytes);
    return frame.length <= rings_.mtu + ETH_HLEN + (type == ETH_P_8021Q ? kTagBytes : 0);
  }

  void put(const ring::Descriptor& frame) noexcept {
    stats_.tx_bytes += frame.length;
    slots_[newest_] = frame.address;
    tpacket3_hdr& header = slot(newest_);
    newest_ = next(newest_);
    ++in_use_;
    if (!sendable(frame)) {
      // The slot goes by as a frame of nothing, which the kernel discards (PACKET_LOSS).
      stats_.tx_drop(base::Reason::frame_too_long);
      header.tp_len = header.tp_snaplen = 0;
    } else {
      std::copy_n(area_.data() + frame.address, frame.length,
                  reinterpret_cast<std::uint8_t*>(&header) + kTxData);
      header.tp_len = header.tp_snaplen = frame.length;
    }
    header.tp_next_offset = 0;
    store_status(header.tp_status, TP_STATUS_SEND_REQUEST);
  }

  // Sends what is requested. ENOBUFS (no carrier, a busy driver) is no drop: the kernel asks for
  // the frame's slot again (tpacket_snd), so it and those behind it wait for another call.
  void kick() noexcept {
    ++stats_.system_calls;
    if (send(rings_.socket.get(), nullptr, 0, MSG_DONTWAIT) < 0 &&
        (errno == ENXIO || errno == ENODEV)) {
      error_ = errno;
    }
  }

  // Reading clears the kernel's counters.
  void read_drops() const noexcept {
    tpacket_stats_v3 kernel{};
    socklen_t length = sizeof kernel;
    if (getsockopt(rings_.socket.get(), SOL_PACKET, PACKET_STATISTICS, &kernel, &length) == 0) {
      kernel_drops_ += kernel.tp_drops;
    }
  }

  PacketRings rings_;
  base::MutableBytes area_;
  std::uint64_t frame_bytes_;
  std::vector<std::uint64_t> free_;   // rx frames
  std::vector<std::uint64_t> slots_;  // the umem frame whose copy a tx slot holds
  std::uint32_t block_ = 0;           // being read, or next to be
  std::uint32_t packets_left_ = 0;    // in it
  const std::uint8_t* next_packet_ = nullptr;
  std::uint32_t oldest_ = 0;
  std::uint32_t newest_ = 0;
  std::uint32_t in_use_ = 0;
  Capabilities capabilities_;
  PortStats stats_;
  mutable std::uint64_t kernel_drops_ = 0;
  int error_ = 0;
  bool closed_ = false;
};

// The queues' sockets share the traffic by the queue that a frame came in on. The kernel numbers
// received queues from 1 here (skb_record_rx_queue), hence the order.
base::Status share(std::vector<PacketRings>& sockets) {
  if (sockets.size() == 1) {
    return {};
  }
  static std::atomic<std::uint32_t> groups{0};
  const std::uint32_t group =
      (static_cast<std::uint32_t>(getpid()) + 7919 * groups.fetch_add(1)) & 0xffff;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const std::size_t queue = (i + sockets.size() - 1) % sockets.size();
    const std::uint32_t fanout = group | PACKET_FANOUT_QM << 16;
    if (!set(sockets[queue].socket.get(), PACKET_FANOUT, fanout)) {
      return refused("cannot share an interface between packet sockets", errno);
    }
  }
  return {};
}

}  // namespace

Availability packet_available() noexcept {
  const FileDescriptor probe(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (probe) {
    return {};
  }
  if (errno == EPERM) {
    return {false, "no privilege to open a packet socket",
            "run as root, or give the program CAP_NET_RAW"};
  }
  return {false, "this kernel has no packet sockets", "modprobe af_packet"};
}

base::Result<Ports> create_packet(const PortConfig& config) {
  const std::uint32_t interface = if_nametoindex(config.where.c_str());
  if (interface == 0) {
    return base::Error{base::ErrorCode::invalid,
                       "there is no network interface '" + config.where + "'",
                       "name one that `ip link` lists"};
  }
  std::vector<PacketRings> sockets;
  sockets.reserve(config.queues);
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    auto rings = PacketRings::open(config, interface);
    if (!rings) {
      return rings.error();
    }
    sockets.push_back(std::move(rings).value());
  }
  if (base::Status status = share(sockets); !status) {
    return status.error();
  }
  Ports ports;
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    ports.push_back(std::make_unique<PacketPort>(config, queue, std::move(sockets[queue])));
  }
  return ports;
}

}  // namespace ringbed::port
