// The consumer's side of a BPF ring buffer in the kernel: two mapped pages of positions and the
// data, mapped twice in a row so that no record wraps (kernel/bpf/ringbuf.c). One consumer a ring.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "ebpf/event_map.hpp"

namespace ringbed::ebpf {

class KernelRing {
 public:
  // `entries` is the map's max_entries. Error: unavailable.
  [[nodiscard]] static base::Result<KernelRing> open(int map, std::uint32_t entries);
  KernelRing(KernelRing&& other) noexcept;
  KernelRing& operator=(KernelRing&& other) noexcept;
  ~KernelRing();

  // The records since the last call, oldest first; stops at one that is still being written.
  [[nodiscard]] std::vector<Event> drain();

 private:
  KernelRing() = default;

  std::uint8_t* consumer_ = nullptr;
  std::uint8_t* producer_ = nullptr;  // its page, and the data behind it
  std::size_t producer_bytes_ = 0;
  std::uint64_t mask_ = 0;
};

}  // namespace ringbed::ebpf
