// Hands out the frames of a umem: a stack of frame numbers, last in first out, because the frame
// that was used last is still in the cache. A frame is known by its address in the umem; an address
// inside a frame (a received packet starts after the headroom) stands for its frame. One thread.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

namespace ringbed::ring {

enum class FreeResult : std::uint8_t {
  ok,
  doubled,  // the frame is free already
  foreign,  // the address lies outside the umem
};

class FrameAllocator {
 public:
  static constexpr std::uint64_t kNoFrame = UINT64_MAX;

  // frames >= 1 of 2^frame_shift bytes; frame 0 is handed out first.
  FrameAllocator(std::uint32_t frames, std::uint32_t frame_shift);

  // The address of a free frame, or kNoFrame.
  [[nodiscard]] std::uint64_t allocate() noexcept {
    if (free_count_ == 0) {
      ++exhausted_;
      return kNoFrame;
    }
    const std::uint32_t frame = stack_[--free_count_];
    in_use_[frame] = 1;
    return static_cast<std::uint64_t>(frame) << shift_;
  }

  // Up to addresses.size(); returns how many were written.
  [[nodiscard]] std::size_t allocate(std::span<std::uint64_t> addresses) noexcept;

  FreeResult free(std::uint64_t address) noexcept {
    const std::uint64_t frame = address >> shift_;
    if (frame >= stack_.size()) {
      ++foreign_;
      return FreeResult::foreign;
    }
    if (in_use_[frame] == 0) {
      ++doubled_;
      return FreeResult::doubled;
    }
    in_use_[frame] = 0;
    stack_[free_count_++] = static_cast<std::uint32_t>(frame);
    return FreeResult::ok;
  }

  [[nodiscard]] std::uint32_t frames() const noexcept {
    return static_cast<std::uint32_t>(stack_.size());
  }
  [[nodiscard]] std::uint32_t free_count() const noexcept { return free_count_; }
  [[nodiscard]] std::uint64_t exhausted() const noexcept { return exhausted_; }
  [[nodiscard]] std::uint64_t doubled() const noexcept { return doubled_; }
  [[nodiscard]] std::uint64_t foreign() const noexcept { return foreign_; }

 private:
  std::vector<std::uint32_t> stack_;  // [0, free_count_) are free, the top is next
  std::vector<std::uint8_t> in_use_;  // by frame number
  std::uint32_t free_count_;
  std::uint32_t shift_;
  std::uint64_t exhausted_ = 0;
  std::uint64_t doubled_ = 0;
  std::uint64_t foreign_ = 0;
};

}  // namespace ringbed::ring
