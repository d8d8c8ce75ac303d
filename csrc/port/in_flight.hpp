// Which transmit frames a port has accepted and not yet given back, two words a frame of the umem,
// so that close() can bring home what the kernel will never complete, and so that a frame sent in
// several pieces comes home once, when its last piece does.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace ringbed::port {

class InFlight {
 public:
  // frame_bytes: a power of two.
  InFlight(std::uint32_t frames, std::uint32_t frame_bytes)
      : offset_(frames, kNone),
        end_(frames, 0),
        shift_(static_cast<std::uint32_t>(std::countr_zero(frame_bytes))) {}

  // `completes_at`: the address whose completion ends the sending, in the same frame.
  void add(std::uint64_t address, std::uint64_t completes_at) noexcept {
    offset_[address >> shift_] = static_cast<std::uint32_t>(address & mask());
    end_[address >> shift_] = static_cast<std::uint32_t>(completes_at & mask());
    ++count_;
  }
  void add(std::uint64_t address) noexcept { add(address, address); }

  // A completion: true when it ends the sending of a frame, whose address is then in `address`.
  // The kernel is not trusted to count for us.
  bool remove(std::uint64_t& address) noexcept {
    const std::uint64_t frame = address >> shift_;
    if (frame >= offset_.size() || offset_[frame] == kNone || end_[frame] != (address & mask())) {
      return false;
    }
    address = (frame << shift_) + offset_[frame];
    offset_[frame] = kNone;
    --count_;
    return true;
  }
  // Takes up to addresses.size() of what is in flight. O(frames) over all calls together.
  std::size_t take(std::span<std::uint64_t> addresses) noexcept {
    std::size_t taken = 0;
    for (; count_ > 0 && taken < addresses.size() && sweep_ < offset_.size(); ++sweep_) {
      if (offset_[sweep_] != kNone) {
        addresses[taken++] = (static_cast<std::uint64_t>(sweep_) << shift_) + offset_[sweep_];
        offset_[sweep_] = kNone;
        --count_;
      }
    }
    return taken;
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  [[nodiscard]] std::uint64_t mask() const noexcept { return (1ULL << shift_) - 1; }

  std::vector<std::uint32_t> offset_;  // of the address in its frame, or kNone
  std::vector<std::uint32_t> end_;     // of the address that completes it
  std::uint32_t shift_;
  std::uint32_t count_ = 0;
  std::size_t sweep_ = 0;
};

}  // namespace ringbed::port
