#include "ring/umem.hpp"

#include <bit>
#include <string>

namespace ringbed::ring {

namespace {
constexpr std::uint32_t kMinFrame = 64;
constexpr std::uint32_t kMaxFrame = 1U << 20;
}  // namespace

Umem::Umem(MemoryArea own, base::MutableBytes area, std::uint32_t frames, std::uint32_t frame_bytes)
    : own_(std::move(own)),
      area_(area),
      frames_(frames, static_cast<std::uint32_t>(std::countr_zero(frame_bytes))),
      frame_bytes_(frame_bytes) {}

base::Result<Umem> Umem::create(std::uint32_t frames, std::uint32_t frame_bytes,
                                base::MutableBytes area, bool huge) {
  if (frames == 0 || !std::has_single_bit(frame_bytes) || frame_bytes < kMinFrame ||
      frame_bytes > kMaxFrame) {
    return base::Error{base::ErrorCode::invalid,
                       "a umem of " + std::to_string(frames) + " frames of " +
                           std::to_string(frame_bytes) + " bytes is not possible",
                       "use at least 1 frame, and a power of two of 64 to 1048576 bytes"};
  }
  const std::size_t needed = static_cast<std::size_t>(frames) * frame_bytes;
  if (!area.empty()) {
    if (area.size() < needed) {
      return base::Error{base::ErrorCode::invalid,
                         "the umem's area has " + std::to_string(area.size()) + " bytes, " +
                             std::to_string(needed) + " are needed",
                         "give a larger area or fewer frames"};
    }
    return Umem(MemoryArea{}, area.first(needed), frames, frame_bytes);
  }
  auto own = MemoryArea::map(needed, huge ? Pages::huge_if_any : Pages::ordinary);
  if (!own) {
    return own.error();
  }
  MemoryArea mapped = std::move(own).value();
  const base::MutableBytes whole{mapped.data(), needed};
  return Umem(std::move(mapped), whole, frames, frame_bytes);
}

}  // namespace ringbed::ring
