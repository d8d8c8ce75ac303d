// A page-aligned, zeroed memory area from mmap, on huge pages where the machine has some reserved.
// The frame area of a umem and the buffers of a pool live in one; being mapped (not malloced) it
// can be registered with AF_XDP as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.hpp"

namespace ringbed::ring {

enum class Pages : std::uint8_t { ordinary, huge_if_any, huge };

class MemoryArea {
 public:
  MemoryArea() = default;
  ~MemoryArea();
  MemoryArea(MemoryArea&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        huge_(other.huge_) {}
  MemoryArea& operator=(MemoryArea&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(huge_, other.huge_);
    return *this;
  }
  MemoryArea(const MemoryArea&) = delete;
  MemoryArea& operator=(const MemoryArea&) = delete;

  // At least `bytes` (> 0), zeroed. Huge pages are reserved ones of 2 MiB. Error: resource.
  [[nodiscard]] static base::Result<MemoryArea> map(std::size_t bytes,
                                                    Pages pages = Pages::ordinary);

  [[nodiscard]] std::uint8_t* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool on_huge_pages() const noexcept { return huge_; }

 private:
  MemoryArea(std::uint8_t* data, std::size_t size, bool huge) noexcept
      : data_(data), size_(size), huge_(huge) {}

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool huge_ = false;
};

}  // namespace ringbed::ring
