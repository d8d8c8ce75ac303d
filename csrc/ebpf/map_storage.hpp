// Memory of map values: one region of the machine a map, one fixed-size slot an entry. Reserved at
// once and touched when used, so a large max_entries costs address space, not memory.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "ebpf/memory.hpp"

namespace ringbed::ebpf {

[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t to) noexcept {
  return (value + to - 1) / to * to;
}

// Slots of `bytes` bytes at a power-of-two stride, so that the access check stays a mask.
class Slots {
 public:
  // False when the machine cannot address or this process cannot reserve that much.
  [[nodiscard]] bool reserve(std::uint64_t count, std::uint32_t bytes) {
    if (bytes == 0 || bytes > kRegionMaxBytes) {
      return false;
    }
    bytes_ = bytes;
    // A single large slot (.bss) needs no power of two.
    stride_ = count == 1 ? static_cast<std::uint32_t>(round_up(bytes, 8))
                         : std::bit_ceil(bytes < 8 ? 8u : bytes);
    single_ = count == 1;
    if (count * stride_ >= kRegionMaxBytes) {
      return false;
    }
    size_ = static_cast<std::uint32_t>(count * stride_);
    memory_.reset(static_cast<std::uint8_t*>(std::calloc(size_, 1)));
    return memory_ != nullptr;
  }

  [[nodiscard]] Region region(bool writable) const {
    return single_ ? Region::of(memory_.get(), bytes_, writable)
                   : Region::elements(memory_.get(), size_, stride_, bytes_, writable);
  }
  [[nodiscard]] std::uint8_t* at(std::uint64_t slot) const noexcept {
    return memory_.get() + slot * stride_;
  }
  [[nodiscard]] Address address(std::uint32_t region, std::uint64_t slot) const noexcept {
    return address_of(region, static_cast<std::uint32_t>(slot * stride_));
  }
  // The slot that `address` (of this region) lies in.
  [[nodiscard]] std::uint64_t slot_of(Address address) const noexcept {
    return (low_half(address) - kRegionStart) / stride_;
  }
  [[nodiscard]] std::uint32_t bytes() const noexcept { return bytes_; }

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<std::uint8_t, Free> memory_;
  std::uint32_t bytes_ = 0;
  std::uint32_t stride_ = 0;
  std::uint32_t size_ = 0;
  bool single_ = false;
};

}  // namespace ringbed::ebpf
