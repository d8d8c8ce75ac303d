// A frame on its way through the simulated world: what is known about it beside its bytes, and
// the arena that frames live in. Frames are recycled last in, first out, so that a run works in
// a few cache-hot ones whatever the number of packets; the arena grows only while more frames
// are in flight than ever before.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/bytes.hpp"
#include "sim/time.hpp"

namespace ringbed::sim {

struct FrameInfo {
  Picoseconds departure = 0;   // when it should have left its source
  Picoseconds arrival = 0;     // last bit at the NIC
  Picoseconds visible = 0;     // the core can see it
  std::uint64_t sequence = 0;  // within its flow
  std::uint32_t stream = 0;
  std::uint32_t flow = 0;
  std::uint32_t length = 0;  // bytes without FCS
  std::uint32_t queue = 0;   // receive queue, once the NIC has chosen one
  bool corrupted = false;    // a bit flipped on the wire
  bool copy = false;         // a duplicate made by the link
};

// One cache line of what is known, then the bytes:
//   | FrameInfo, padded to 64 | bytes ... |
struct alignas(64) Frame {
  FrameInfo info;

  [[nodiscard]] std::uint8_t* bytes() noexcept {
    return reinterpret_cast<std::uint8_t*>(this) + sizeof(Frame);
  }
  [[nodiscard]] base::ByteView view() noexcept { return {bytes(), info.length}; }
};
static_assert(sizeof(Frame) == 64);

class FrameArena {
 public:
  // Every frame has room for `frame_bytes`.
  explicit FrameArena(std::uint32_t frame_bytes) : capacity_((frame_bytes + 63U) & ~63U) {}

  [[nodiscard]] Frame* allocate() {
    if (free_.empty()) {
      grow();
    }
    Frame* frame = free_.back();
    free_.pop_back();
    ++in_use_;
    return frame;
  }
  void release(Frame* frame) noexcept {
    free_.push_back(frame);  // never reallocates: grow() reserved room for every frame
    --in_use_;
  }

  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return chunks_.size() * kChunk * (sizeof(Frame) + capacity_ + sizeof(Frame*));
  }

 private:
  static constexpr std::size_t kChunk = 64;
  struct Line {
    alignas(64) std::uint8_t bytes[64];
  };

  void grow() {
    const std::size_t lines = (sizeof(Frame) + capacity_) / sizeof(Line);
    chunks_.push_back(std::make_unique<Line[]>(kChunk * lines));
    free_.reserve(chunks_.size() * kChunk);
    for (std::size_t i = kChunk; i > 0; --i) {
      free_.push_back(new (&chunks_.back()[(i - 1) * lines]) Frame);
    }
  }

  std::uint32_t capacity_;
  std::vector<std::unique_ptr<Line[]>> chunks_;
  std::vector<Frame*> free_;
  std::size_t in_use_ = 0;
};

}  // namespace ringbed::sim
