// What a program may touch: a table of regions. A VM address names its region in the high 32 bits
// and an offset in the low ones, so a check is one table row and two comparisons, whatever the
// number of regions, and no address depends on where the host put anything (a program that
// hashes a pointer gives the same answer on every machine).
//
//   63           32 31             0
//   | region number | 0x10000000 + offset |
//
// The packet is region 0: its addresses fit 32 bits, so xdp_md.data and __sk_buff.data hold them
// as they are. Offsets start at kRegionStart, which keeps NULL and small negative steps outside.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "ebpf/isa.hpp"

namespace ringbed::ebpf {

using Address = std::uint64_t;  // of the VM

inline constexpr std::uint32_t kRegionStart = 0x1000'0000;
inline constexpr std::uint32_t kRegionMaxBytes = 0x8000'0000;

// Fixed rows of the table; maps follow.
inline constexpr std::uint32_t kPacketRegion = 0;
inline constexpr std::uint32_t kContextRegion = 1;
inline constexpr std::uint32_t kStackRegion = 2;  // one row a frame: a frame cannot run over
inline constexpr std::uint32_t kScratchRegion = kStackRegion + kAllFrames;  // ringbuf records
inline constexpr std::uint32_t kScratchRegions = 16;
inline constexpr std::uint32_t kFixedRegions = kScratchRegion + kScratchRegions;

// Handles are no memory: their "region" lies far beyond the table.
inline constexpr std::uint32_t kMapHandle = 0x7fff'0001;
inline constexpr std::uint32_t kFunctionHandle = 0x7fff'0002;

// One row. `start` is the low half of the address of the first byte, `base` that byte in the host.
// A region of equal elements (the values of a map) has `mask` = stride - 1, stride a power of two,
// and the bytes of an element as its limits, so that an access cannot run into the neighbour; any
// other region has mask = ~0 and its size as limits.
struct Region {
  std::uint8_t* base = nullptr;
  std::uint32_t start = kRegionStart;
  std::uint32_t size = 0;
  std::uint32_t mask = 0xffff'ffff;
  std::uint32_t read_limit = 0;
  std::uint32_t write_limit = 0;  // 0: read-only
  std::uint32_t pad = 0;          // 32 bytes: a row is a shift, not a multiplication

  [[nodiscard]] static Region of(std::uint8_t* base, std::uint32_t size, bool writable = true) {
    return {.base = base, .size = size, .read_limit = size, .write_limit = writable ? size : 0};
  }
  // `stride` is a power of two.
  [[nodiscard]] static Region elements(std::uint8_t* base, std::uint32_t size, std::uint32_t stride,
                                       std::uint32_t limit, bool writable = true) {
    return {.base = base,
            .size = size,
            .mask = stride - 1,
            .read_limit = limit,
            .write_limit = writable ? limit : 0};
  }
};
static_assert(sizeof(Region) == 32);

[[nodiscard]] constexpr Address address_of(std::uint32_t region, std::uint32_t offset) noexcept {
  return static_cast<Address>(region) << 32 | (kRegionStart + offset);
}
[[nodiscard]] constexpr Address handle(std::uint32_t kind, std::uint32_t index) noexcept {
  return static_cast<Address>(kind) << 32 | index;
}
[[nodiscard]] constexpr std::uint32_t high_half(Address address) noexcept {
  return static_cast<std::uint32_t>(address >> 32);
}
[[nodiscard]] constexpr std::uint32_t low_half(Address address) noexcept {
  return static_cast<std::uint32_t>(address);
}

enum class Access : std::uint8_t { read, write };

// Where `bytes` bytes at `address` lie in the host, or nullptr if any of them may not be touched
// that way. O(1), no allocation.
template <Access kAccess>
[[nodiscard]] inline std::uint8_t* find(const Region* regions, std::uint32_t count, Address address,
                                        std::uint64_t bytes) noexcept {
  const std::uint64_t number = address >> 32;
  if (number >= count) [[unlikely]] {
    return nullptr;
  }
  const Region& region = regions[number];
  const std::uint32_t offset = low_half(address) - region.start;
  const std::uint32_t limit = kAccess == Access::read ? region.read_limit : region.write_limit;
  if (offset >= region.size || (offset & region.mask) + bytes > limit) [[unlikely]] {
    return nullptr;
  }
  return region.base + offset;
}

class Memory {
 public:
  Memory() : regions_(kFixedRegions) {}

  template <Access kAccess>
  [[nodiscard]] std::uint8_t* find(Address address, std::uint64_t bytes) const noexcept {
    return ebpf::find<kAccess>(regions_.data(), count(), address, bytes);
  }

  [[nodiscard]] Region& operator[](std::uint32_t number) noexcept {
    published_ = published_ && number >= kStackRegion;
    return regions_[number];
  }
  // Packet::publish wrote the regions of packet and context, and nobody else has since.
  void packet_is_published() noexcept { published_ = true; }
  [[nodiscard]] bool packet_published() const noexcept { return published_; }
  [[nodiscard]] const Region* data() const noexcept { return regions_.data(); }
  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(regions_.size());
  }

  // Appends a region and returns its number. Not while a program runs.
  std::uint32_t add(const Region& region) {
    regions_.push_back(region);
    return count() - 1;
  }

 private:
  std::vector<Region> regions_;
  bool published_ = false;
};

}  // namespace ringbed::ebpf
