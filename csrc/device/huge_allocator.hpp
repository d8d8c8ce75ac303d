// An allocator for arrays that are read all over: large ones are aligned to 2 MiB and the kernel is
// asked to back them with huge pages (Linux, Documentation/admin-guide/mm/transhuge.rst), so that a
// random access does not also miss the TLB. Where the kernel refuses, pages are ordinary ones.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace ringbed::device {

template <typename T>
struct HugeAllocator {
  using value_type = T;

  HugeAllocator() = default;
  template <typename U>
  HugeAllocator(const HugeAllocator<U>&) noexcept {}

  // Throws std::bad_alloc.
  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = rounded(count);
    void* const at = ::operator new(bytes, alignment(bytes));
    if (bytes >= kHugePage) {
      static_cast<void>(madvise(at, bytes, MADV_HUGEPAGE));
    }
    return static_cast<T*>(at);
  }
  void deallocate(T* at, std::size_t count) noexcept {
    ::operator delete(at, alignment(rounded(count)));
  }

  friend bool operator==(const HugeAllocator&, const HugeAllocator&) noexcept { return true; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  // Whole huge pages from half a one on: at most as much again is given away for it.
  [[nodiscard]] static std::size_t rounded(std::size_t count) noexcept {
    const std::size_t bytes = count * sizeof(T);
    return bytes < kHugePage / 2 ? bytes : (bytes + kHugePage - 1) / kHugePage * kHugePage;
  }
  [[nodiscard]] static std::align_val_t alignment(std::size_t bytes) noexcept {
    return std::align_val_t{bytes >= kHugePage ? kHugePage : alignof(T)};
  }
};

}  // namespace ringbed::device
