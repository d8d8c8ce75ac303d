// The device's NIC: frame check, address filter, RSS and the receive rings' descriptors.
// A descriptor is taken when a frame arrives and comes back when the core has finished with the
// frame, so a ring of K descriptors with one core is a queue of K places, the one in service
// included (M/G/1/K).
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/reasons.hpp"
#include "sim/frame.hpp"
#include "sim/time.hpp"
#include "wire/address.hpp"
#include "wire/toeplitz.hpp"

namespace ringbed::sim {

struct NicConfig {
  enum class MulticastFilter : std::uint8_t { exact, hash, promiscuous };
  std::uint32_t queues = 1;
  std::uint32_t rx_descriptors = 1024;
  std::uint32_t tx_descriptors = 1024;
  Picoseconds coalesce = 0;
  std::uint32_t coalesce_frames = 0;
  MulticastFilter filter = MulticastFilter::exact;
  Picoseconds dma_delay = 0;
  bool check_fcs = true;
  wire::Toeplitz::Key rss_key = wire::Toeplitz::kStandardKey;
  std::uint32_t reta_size = 128;
  std::uint32_t buffer_bytes = 2048;
  wire::MacAddress address;
  std::vector<wire::MacAddress> joined;
};

// What a receive ring holds in order; the number of descriptors in use is counted apart,
// because a frame in service has left the order but not its descriptor.
class RxRing {
 public:
  explicit RxRing(std::uint32_t size)
      : size_(size), mask_(std::bit_ceil(size) - 1), slots_(mask_ + 1) {}

  // False when no descriptor is free.
  [[nodiscard]] bool push(Frame* frame) noexcept {
    if (in_use_ == size_) {
      ++full_;
      return false;
    }
    slots_[tail_++ & mask_] = frame;
    ++in_use_;
    peak_ = in_use_ > peak_ ? in_use_ : peak_;
    return true;
  }

  [[nodiscard]] std::uint32_t waiting() const noexcept { return tail_ - head_; }
  // The i-th waiting frame, i < waiting().
  [[nodiscard]] Frame* at(std::uint32_t i) const noexcept { return slots_[(head_ + i) & mask_]; }
  [[nodiscard]] Frame* front() const noexcept { return at(0); }
  [[nodiscard]] Frame* pop() noexcept { return slots_[head_++ & mask_]; }
  // Gives the descriptor of a popped frame back.
  void release() noexcept { --in_use_; }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::uint32_t peak() const noexcept { return peak_; }
  [[nodiscard]] std::uint64_t full() const noexcept { return full_; }

 private:
  std::uint32_t size_;
  std::uint32_t mask_;
  std::uint32_t head_ = 0;  // free running, as tail_
  std::uint32_t tail_ = 0;
  std::uint32_t in_use_ = 0;
  std::uint32_t peak_ = 0;
  std::uint64_t full_ = 0;
  std::vector<Frame*> slots_;
};

class Nic {
 public:
  explicit Nic(const NicConfig& config);

  // Whether the frame passes FCS check, length check and address filter.
  [[nodiscard]] base::Reason accept(base::ByteView frame, const FrameInfo& info) const noexcept;

  // The queue that RSS gives the frame to.
  [[nodiscard]] std::uint32_t queue_of(base::ByteView frame) const noexcept;

  [[nodiscard]] RxRing& ring(std::uint32_t queue) noexcept { return rings_[queue]; }
  [[nodiscard]] const std::vector<RxRing>& rings() const noexcept { return rings_; }
  [[nodiscard]] const NicConfig& config() const noexcept { return config_; }

 private:
  NicConfig config_;
  std::uint64_t hash_filter_ = 0;
  wire::Toeplitz toeplitz_;
  std::vector<RxRing> rings_;
};

}  // namespace ringbed::sim
