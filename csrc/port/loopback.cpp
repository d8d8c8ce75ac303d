// Backend `loopback`: queues joined in pairs in memory (0 with 1, 2 with 3; a last one without a
// partner with itself): what one sends the other receives. A sent frame is copied into a free rx
// frame of the partner, as a NIC would do by DMA; with none free it is dropped as rx_ring_full. The
// two ends may be two threads. The plainest example of the contract.
#include <algorithm>
#include <atomic>
#include <memory>

#include "port/backends.hpp"
#include "port/in_flight.hpp"
#include "ring/spsc_ring.hpp"

namespace ringbed::port {

namespace {

// Where a port's frames arrive: its owner fills and receives, its partner delivers.
struct Inbox {
  explicit Inbox(std::uint32_t rx_frames) : fill(rx_frames), rx(rx_frames) {}

  ring::SpscRing<std::uint64_t> fill;
  ring::SpscRing<ring::Descriptor> rx;
  std::atomic<std::uint64_t> dropped{0};
};

class LoopbackPort final : public Port {
 public:
  LoopbackPort(const PortConfig& config, std::uint32_t queue, std::shared_ptr<Inbox> own,
               std::shared_ptr<Inbox> partner)
      : own_(std::move(own)),
        partner_(std::move(partner)),
        area_(config.area),
        frame_bytes_(config.frame_bytes),
        completion_(config.tx_descriptors),
        in_flight_(config.frames(), config.frame_bytes) {
    capabilities_.mode = "memory";
    capabilities_.max_frame_bytes = config.frame_bytes;
    for (std::uint32_t i = 0; i < config.rx_frames; ++i) {
      give(std::uint64_t{queue * config.rx_frames + i} * frame_bytes_);
    }
  }

  std::size_t rx_burst(std::span<ring::Descriptor> frames) noexcept override {
    const std::size_t count = closed_ ? 0 : own_->rx.consumer().pop(frames);
    stats_.rx_frames += count;
    for (const ring::Descriptor& frame : frames.first(count)) {
      stats_.rx_bytes += frame.length;
    }
    return count;
  }

  std::size_t waiting() const noexcept override {
    return closed_ ? 0 : own_->rx.consumer().ready();
  }

  void recycle(std::span<const ring::Descriptor> frames) noexcept override {
    for (const ring::Descriptor& frame : frames) {
      give(frame.address & ~std::uint64_t{frame_bytes_ - 1});
    }
  }

  std::size_t tx_burst(std::span<const ring::Descriptor> frames) noexcept override {
    std::size_t sent = 0;
    // A completion ring with room for everything in flight: the kernel's rule, too.
    while (!closed_ && sent < frames.size() && in_flight_.count() < completion_.size()) {
      send(frames[sent++]);
    }
    stats_.tx_full += frames.size() - sent;
    return sent;
  }

  // What was accepted is complete at once, before and after close() alike.
  std::size_t reclaim(std::span<std::uint64_t> addresses) noexcept override {
    const std::size_t count = completion_.consumer().pop(addresses);
    for (std::uint64_t& address : addresses.first(count)) {
      in_flight_.remove(address);
    }
    stats_.tx_completed += count;
    return count;
  }

  PortStats stats() const noexcept override {
    PortStats stats = stats_;
    stats.rx_drop(base::Reason::rx_ring_full, own_->dropped.load(std::memory_order_relaxed));
    return stats;
  }
  const Capabilities& capabilities() const noexcept override { return capabilities_; }
  base::Status status() const override { return {}; }
  void close() noexcept override { closed_ = true; }

 private:
  void give(std::uint64_t address) noexcept {
    own_->fill.producer().push(std::span<const std::uint64_t>(&address, 1));
  }

  void send(const ring::Descriptor& frame) noexcept {
    ++stats_.tx_frames;
    stats_.tx_bytes += frame.length;
    in_flight_.add(frame.address);
    completion_.producer().push(std::span<const std::uint64_t>(&frame.address, 1));
    if ((frame.address & (frame_bytes_ - 1)) + frame.length > frame_bytes_ ||
        frame.address >= area_.size() || frame.length > area_.size() - frame.address) {
      stats_.tx_drop(base::Reason::frame_too_long);
      return;
    }
    std::uint64_t free = 0;
    if (partner_->fill.consumer().pop(std::span(&free, 1)) == 0) {
      partner_->dropped.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    std::copy_n(area_.data() + frame.address, frame.length, area_.data() + free);
    const ring::Descriptor arrived{free, frame.length, 0};
    partner_->rx.producer().push(std::span(&arrived, 1));
  }

  std::shared_ptr<Inbox> own_;
  std::shared_ptr<Inbox> partner_;
  base::MutableBytes area_;
  std::uint32_t frame_bytes_;
  ring::SpscRing<std::uint64_t> completion_;
  InFlight in_flight_;
  PortStats stats_;
  Capabilities capabilities_;
  bool closed_ = false;
};

}  // namespace

base::Result<Ports> create_loopback(const PortConfig& config) {
  std::vector<std::shared_ptr<Inbox>> inboxes;
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    inboxes.push_back(std::make_shared<Inbox>(config.rx_frames));
  }
  Ports ports;
  for (std::uint32_t queue = 0; queue < config.queues; ++queue) {
    const std::uint32_t partner = (queue ^ 1U) < config.queues ? queue ^ 1U : queue;
    ports.push_back(
        std::make_unique<LoopbackPort>(config, queue, inboxes[queue], inboxes[partner]));
  }
  return ports;
}

}  // namespace ringbed::port
