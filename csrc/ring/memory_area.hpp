// A page-aligned, zeroed memory area from mmap, on huge pages where the machine has some reserved.
// The frame area of a umem and the buffers of a pool live in one; being mapped (not malloced) it
// can be registered with AF_XDP as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.hpp"

namespace ringbed::ring {

class MemoryArea {
 public:
  MemoryArea() = default;
  ~MemoryArea();
  MemoryArea(MemoryArea&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MemoryArea& operator=(MemoryArea&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  MemoryArea(const MemoryArea&) = delete;
  MemoryArea& operator=(const MemoryArea&) = delete;

  // At least `bytes` (> 0), zeroed. `huge`: try reserved 2 MiB pages first, fall back silently to
  // ordinary ones. Error: resource.
  [[nodiscard]] static base::Result<MemoryArea> map(std::size_t bytes, bool huge = false);

  [[nodiscard]] std::uint8_t* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  MemoryArea(std::uint8_t* data, std::size_t size) noexcept : data_(data), size_(size) {}

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ringbed::ring
