#include "ebpf/map.hpp"

#include <cstring>

#include "base/endian.hpp"

namespace ringbed::ebpf {

// What the kernel answers for an operation that a kind does not have.
Address Map::find(const std::uint8_t*, std::uint32_t) { return 0; }
int Map::update(const std::uint8_t*, const std::uint8_t*, std::uint64_t, std::uint32_t) {
  return -EOPNOTSUPP;
}
int Map::erase(const std::uint8_t*) { return -EOPNOTSUPP; }
int Map::push(const std::uint8_t*, std::uint64_t) { return -EOPNOTSUPP; }
int Map::pop(std::uint8_t*) { return -EOPNOTSUPP; }
int Map::peek(std::uint8_t*) { return -EOPNOTSUPP; }
int Map::read(const std::uint8_t*, std::uint8_t*, std::uint64_t) { return -EOPNOTSUPP; }
int Map::write(const std::uint8_t*, const std::uint8_t*, std::uint64_t) { return -EOPNOTSUPP; }
int Map::remove(const std::uint8_t*) { return -EOPNOTSUPP; }
int Map::take(const std::uint8_t*, std::uint8_t*) { return kNotSupported; }
int Map::next_key(const std::uint8_t*, std::uint8_t*) { return -EOPNOTSUPP; }

int Map::batch(BatchOperation, Batch&) { return kNotSupported; }

void copy_value(const MapSpec& spec, std::uint8_t* to, const std::uint8_t* from,
                std::size_t bytes) noexcept {
  constexpr std::size_t kLock = 4;  // struct bpf_spin_lock
  if (!spec.lock_at || *spec.lock_at + kLock > bytes) [[likely]] {
    std::memcpy(to, from, bytes);
    return;
  }
  const std::size_t behind = *spec.lock_at + kLock;
  std::memcpy(to, from, *spec.lock_at);
  std::memcpy(to + behind, from + behind, bytes - behind);
}

int next_index(const std::uint8_t* key, std::uint8_t* next, std::uint32_t max_entries) {
  const std::uint32_t index = key == nullptr ? max_entries : base::load_native<std::uint32_t>(key);
  if (index >= max_entries) {
    base::store_native<std::uint32_t>(next, 0);
    return 0;
  }
  if (index == max_entries - 1) {
    return -ENOENT;
  }
  base::store_native<std::uint32_t>(next, index + 1);
  return 0;
}

}  // namespace ringbed::ebpf
