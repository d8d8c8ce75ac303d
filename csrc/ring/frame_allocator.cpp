#include "ring/frame_allocator.hpp"

namespace ringbed::ring {

FrameAllocator::FrameAllocator(std::uint32_t frames, std::uint32_t frame_shift)
    : stack_(frames), in_use_(frames, 0), free_count_(frames), shift_(frame_shift) {
  assert(frames > 0 && frame_shift < 32);
  for (std::uint32_t i = 0; i < frames; ++i) {
    stack_[i] = frames - 1 - i;
  }
}

std::size_t FrameAllocator::allocate(std::span<std::uint64_t> addresses) noexcept {
  std::size_t count = 0;
  while (count < addresses.size() && free_count_ > 0) {
    addresses[count++] = allocate();
  }
  exhausted_ += addresses.size() - count;
  return count;
}

}  // namespace ringbed::ring
