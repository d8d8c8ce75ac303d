// The frame area that rings' descriptors point into, cut into equal frames, with the allocator of
// the frames. The area is the umem's own mapping or the caller's (a part of a bigger one).
//
//   area |  frame 0  |  frame 1  |  frame 2  | ...      address = offset in the area
//        |<-2^shift->|
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ring/frame_allocator.hpp"
#include "ring/memory_area.hpp"

namespace ringbed::ring {

// What rx and tx rings carry; the same bytes as the kernel's struct xdp_desc.
struct Descriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint32_t options = 0;
};
static_assert(sizeof(Descriptor) == 16);

class Umem {
 public:
  // frames >= 1 of frame_bytes each, a power of two of 64 .. 2^20 (AF_XDP wants 2,048 or 4,096).
  // `area` empty: maps its own, on huge pages if wished and there; else at least frames *
  // frame_bytes, and it must outlive the umem. Errors: invalid, resource.
  [[nodiscard]] static base::Result<Umem> create(std::uint32_t frames, std::uint32_t frame_bytes,
                                                 base::MutableBytes area = {}, bool huge = false);

  [[nodiscard]] FrameAllocator& frames() noexcept { return frames_; }
  [[nodiscard]] std::uint32_t frame_bytes() const noexcept { return frame_bytes_; }
  [[nodiscard]] base::MutableBytes area() const noexcept { return area_; }

  // The bytes of a descriptor, clipped to the area: a descriptor from outside is not trusted.
  [[nodiscard]] base::MutableBytes bytes(std::uint64_t address, std::uint32_t length) noexcept {
    if (address >= area_.size()) {
      return {};
    }
    const std::size_t room = area_.size() - address;
    return area_.subspan(address, length < room ? length : room);
  }

 private:
  Umem(MemoryArea own, base::MutableBytes area, std::uint32_t frames, std::uint32_t frame_bytes);

  MemoryArea own_;
  base::MutableBytes area_;
  FrameAllocator frames_;
  std::uint32_t frame_bytes_;
};

}  // namespace ringbed::ring
