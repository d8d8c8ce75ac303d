// One AF_XDP socket: the umem registered, the four rings mapped, bound to one queue of one
// interface (Linux, Documentation/networking/af_xdp.rst, by the kernel interface itself). The first
// socket of an interface registers the umem; those of the other queues share it and have a fill
// and a completion ring of their own.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/registry.hpp"
#include "ring/spsc_ring.hpp"
#include "ring/umem.hpp"

namespace ringbed::port {

// The kernel's unit in a umem: a page at most. Longer frames lie in several of them, one behind
// the other, and travel as several descriptors (multi-buffer, Linux 6.6).
inline constexpr std::uint32_t kMaxChunkBytes = 4096;
inline constexpr std::uint32_t kMoreFollows = 1;  // XDP_PKT_CONTD, in a descriptor's options

// A mapping of a ring, undone with the object.
class RingMapping {
 public:
  RingMapping() = default;
  RingMapping(void* at, std::size_t bytes) noexcept : at_(at), bytes_(bytes) {}
  RingMapping(RingMapping&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), bytes_(other.bytes_) {}
  RingMapping& operator=(RingMapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  RingMapping(const RingMapping&) = delete;
  RingMapping& operator=(const RingMapping&) = delete;
  ~RingMapping();

  [[nodiscard]] std::uint8_t* at(std::uint64_t offset) const noexcept {
    return static_cast<std::uint8_t*>(at_) + offset;
  }

 private:
  void* at_ = nullptr;
  std::size_t bytes_ = 0;
};

// Kernel counters of one socket (XDP_STATISTICS).
struct XdpStatistics {
  std::uint64_t rx_dropped = 0;  // no free frame, or longer than one
  std::uint64_t rx_invalid = 0;  // fill descriptors
  std::uint64_t tx_invalid = 0;  // tx descriptors
  std::uint64_t rx_ring_full = 0;
  std::uint64_t fill_ring_empty = 0;  // of rx_dropped
  std::uint64_t tx_ring_empty = 0;
};

class XdpSocket {
 public:
  // `first`: the socket whose umem this one shares, or null. The frames of the umem are
  // config.frame_bytes each. Errors: unavailable, resource, invalid.
  [[nodiscard]] static base::Result<XdpSocket> open(std::uint32_t interface, std::uint32_t queue,
                                                    const PortConfig& config,
                                                    const XdpSocket* first);

  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
  [[nodiscard]] bool zero_copy() const noexcept { return zero_copy_; }
  [[nodiscard]] bool need_wakeup() const noexcept { return need_wakeup_; }
  [[nodiscard]] bool busy_poll() const noexcept { return busy_poll_; }
  [[nodiscard]] XdpStatistics statistics() const noexcept;

  ring::RingProducer<std::uint64_t> fill;
  ring::RingConsumer<std::uint64_t> completion;
  ring::RingConsumer<ring::Descriptor> rx;
  ring::RingProducer<ring::Descriptor> tx;

 private:
  [[nodiscard]] base::Status register_umem(const PortConfig& config);
  [[nodiscard]] base::Status map_rings(const PortConfig& config);
  [[nodiscard]] base::Status bind(std::uint32_t interface, std::uint32_t queue,
                                  const PortConfig& config, const XdpSocket* first);
  void raise_tx_budget(std::uint32_t tx_size) noexcept;
  void prefer_busy_poll(const XdpOptions& options) noexcept;

  FileDescriptor socket_;
  RingMapping fill_memory_;
  RingMapping completion_memory_;
  RingMapping rx_memory_;
  RingMapping tx_memory_;
  bool zero_copy_ = false;
  bool need_wakeup_ = false;
  bool busy_poll_ = false;
};

}  // namespace ringbed::port
