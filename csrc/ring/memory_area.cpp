#include "ring/memory_area.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ringbed::ring {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

// bytes rounded up to `unit` (a power of two), or 0 on overflow.
std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  const std::size_t rounded = (bytes + unit - 1) & ~(unit - 1);
  return rounded < bytes ? 0 : rounded;
}

void* map_anonymous(std::size_t size, int extra) noexcept {
  void* const at =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | extra, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

base::Result<MemoryArea> MemoryArea::map(std::size_t bytes, Pages pages) {
  if (pages != Pages::ordinary) {
    const std::size_t size = round_up(bytes, kHugePage);
    if (size != 0) {
      if (void* const at = map_anonymous(size, MAP_HUGETLB); at != nullptr) {
        return MemoryArea(static_cast<std::uint8_t*>(at), size, true);
      }
    }
    if (pages == Pages::huge) {
      return base::Error{
          base::ErrorCode::resource,
          "there are not enough huge pages for " + std::to_string(bytes) + " bytes",
          "reserve some: sysctl vm.nr_hugepages=" + std::to_string(size / kHugePage) +
              " (more than are there now), or leave huge pages out"};
    }
  }
  const std::size_t size = round_up(bytes, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  void* const at = size == 0 ? nullptr : map_anonymous(size, 0);
  if (at == nullptr) {
    return base::Error{base::ErrorCode::resource,
                       "cannot map " + std::to_string(bytes) +
                           " bytes of buffer memory: " + std::strerror(size == 0 ? EINVAL : errno),
                       "make pool.size or bufferBytes smaller, or free memory on this machine"};
  }
  return MemoryArea(static_cast<std::uint8_t*>(at), size, false);
}

MemoryArea::~MemoryArea() {
  if (data_ != nullptr) {
    munmap(data_, size_);
  }
}

}  // namespace ringbed::ring
