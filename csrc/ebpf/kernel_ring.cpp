#include "ebpf/kernel_ring.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kBusy = 1U << 31;
constexpr std::uint32_t kDiscarded = 1U << 30;
constexpr std::uint64_t kHeader = 8;

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::atomic_ref<std::uint64_t> position(std::uint8_t* page) {
  return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(page));
}

}  // namespace

base::Result<KernelRing> KernelRing::open(int map, std::uint32_t entries) {
  const std::size_t page = page_bytes();
  KernelRing ring;
  ring.mask_ = entries - 1;
  void* consumer = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (consumer == MAP_FAILED) return kernel_error("cannot map the ring buffer", errno);
  ring.consumer_ = static_cast<std::uint8_t*>(consumer);
  ring.producer_bytes_ = page + 2 * std::size_t{entries};
  void* producer =
      ::mmap(nullptr, ring.producer_bytes_, PROT_READ, MAP_SHARED, map, static_cast<off_t>(page));
  if (producer == MAP_FAILED) return kernel_error("cannot map the ring buffer", errno);
  ring.producer_ = static_cast<std::uint8_t*>(producer);
  return ring;
}

KernelRing::KernelRing(KernelRing&& other) noexcept { *this = std::move(other); }

KernelRing& KernelRing::operator=(KernelRing&& other) noexcept {
  std::swap(consumer_, other.consumer_);
  std::swap(producer_, other.producer_);
  std::swap(producer_bytes_, other.producer_bytes_);
  std::swap(mask_, other.mask_);
  return *this;
}

KernelRing::~KernelRing() {
  if (consumer_ != nullptr) ::munmap(consumer_, page_bytes());
  if (producer_ != nullptr) ::munmap(producer_, producer_bytes_);
}

std::vector<Event> KernelRing::drain() {
  std::vector<Event> events;
  std::uint64_t at = position(consumer_).load(std::memory_order_relaxed);
  const std::uint64_t end = position(producer_).load(std::memory_order_acquire);
  std::uint8_t* data = producer_ + page_bytes();
  while (at < end) {
    std::uint8_t* record = data + (at & mask_);
    const std::uint32_t word =
        std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(record))
            .load(std::memory_order_acquire);
    if ((word & kBusy) != 0) break;
    const std::uint32_t bytes = word & ~(kBusy | kDiscarded);
    if ((word & kDiscarded) == 0) {
      events.push_back({0, {record + kHeader, record + kHeader + bytes}});
    }
    at += (bytes + kHeader + 7) / 8 * 8;
  }
  position(consumer_).store(at, std::memory_order_release);
  return events;
}

}  // namespace ringbed::ebpf
