// One direction of an Ethernet link: a sender's queue, a wire that takes its time for every bit
// (preamble, frame padded to 60 bytes, FCS and inter-packet gap: IEEE 802.3 clause 4), and what can
// befall a frame on it. Arithmetic is exact: a saturated 10 Gb/s link carries 14,880,952 minimum
// frames in every second, however long the run.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/reasons.hpp"
#include "sim/distribution.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

// Bytes that a frame takes on the wire beside its own: preamble 7, SFD 1, FCS 4, gap 12.
inline constexpr std::uint32_t kWireOverhead = 24;
inline constexpr std::uint32_t kMinFrame = 60;  // without FCS

struct LinkConfig {
  std::uint64_t rate_bps = 10'000'000'000;
  Picoseconds delay = 0;
  Distribution jitter;
  double loss = 0.0;
  double duplicate = 0.0;
  double reorder = 0.0;
  Picoseconds reorder_delay = 0;
  double corrupt = 0.0;
  std::uint32_t queue_frames = 1024;
};

// A time during which the link is down, or loses more than usual.
struct LinkFault {
  Picoseconds start = 0;
  Picoseconds end = 0;
  bool down = false;
  double loss = 0.0;
};

// What became of one frame.
struct Transit {
  base::Reason dropped = base::Reason::none;
  Picoseconds sent = 0;          // last bit has left; meaningless when the queue was full
  Picoseconds arrival = 0;       // last bit has arrived; only when not dropped
  Picoseconds copy_arrival = 0;  // of the duplicate; 0: none
  std::uint64_t flip = 0;        // random bits that choose the bit to flip; 0: intact
};

// Flips one bit of a frame, chosen by Transit::flip.
inline void flip_bit(base::MutableBytes frame, std::uint64_t flip) noexcept {
  const std::uint64_t bit = (flip >> 1) % (std::uint64_t{frame.size()} * 8);
  frame[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
}

class Link {
 public:
  // `name` prefixes the substreams ("link.forward"); `faults` are sorted by start.
  Link(const LinkConfig& config, std::uint64_t seed, std::string_view name,
       std::vector<LinkFault> faults);

  // Offers a frame of `length` bytes at time `now`; calls come in order of time.
  [[nodiscard]] Transit send(Picoseconds now, std::uint32_t length) noexcept {
    Transit transit;
    // The queue is full when the frame that came queue_frames ago has not yet begun to leave.
    Picoseconds& oldest = starts_[next_slot_];
    if (oldest > now) [[unlikely]] {
      ++queue_full_;
      transit.dropped = base::Reason::link_queue_full;
      return transit;
    }
    const Picoseconds start = now > wire_free_ ? now : wire_free_;
    oldest = start;
    next_slot_ = next_slot_ + 1 == config_.queue_frames ? 0 : next_slot_ + 1;
    wire_free_ = start + serialize(length);
    transit.sent = wire_free_;
    transit.arrival = wire_free_ + config_.delay;
    if (!plain_) [[unlikely]] {
      impair(transit, start, length);
    }
    return transit;
  }

  // No frame offered from now on can arrive before this.
  [[nodiscard]] Picoseconds earliest_arrival() const noexcept { return wire_free_ + config_.delay; }

  // May frames overtake each other?
  [[nodiscard]] bool reorders() const noexcept {
    return !config_.jitter.is_zero() || config_.reorder > 0.0;
  }
  [[nodiscard]] std::uint64_t queue_full() const noexcept { return queue_full_; }

 private:
  [[nodiscard]] Picoseconds serialize(std::uint32_t length) noexcept {
    const std::uint64_t bytes = (length > kMinFrame ? length : kMinFrame) + kWireOverhead;
    Picoseconds time = bytes * byte_whole_;
    if (byte_part_ != 0) [[unlikely]] {
      carry_ += bytes * byte_part_;
      time += carry_ / config_.rate_bps;
      carry_ %= config_.rate_bps;
    }
    return time;
  }
  // Loss, delay and damage; `start`: the first bit leaves.
  void impair(Transit& transit, Picoseconds start, std::uint32_t length) noexcept;
  [[nodiscard]] const LinkFault* fault_at(Picoseconds now) noexcept;

  LinkConfig config_;
  std::vector<LinkFault> faults_;
  std::size_t next_fault_ = 0;
  // Time of a byte is whole + part/rate picoseconds; what does not divide is carried over.
  Picoseconds byte_whole_;
  std::uint64_t byte_part_;
  std::uint64_t carry_ = 0;
  Picoseconds wire_free_ = 0;
  // When the last queue_frames frames left the queue: a ring, oldest at next_slot_.
  std::vector<Picoseconds> starts_;
  std::size_t next_slot_ = 0;
  std::uint64_t queue_full_ = 0;
  bool plain_;
  base::Random loss_;
  base::Random duplicate_;
  base::Random reorder_;
  base::Random jitter_;
  base::Random corrupt_;
};

}  // namespace ringbed::sim
