#include "device/pools.hpp"

#include <array>
#include <new>
#include <string>

#include "device/kinds.hpp"
#include "device/pool_kinds.hpp"

namespace ringbed::device {

namespace {

constexpr auto kKinds = std::to_array<PoolKind>({
    {"fifo", "one list under one lock (the published design)", create_fifo_pool},
    {"ring", "lock-free queue of free buffers", create_ring_pool},
    {"percore", "a cache a core in front of `ring`", create_percore_pool},
});

constexpr std::uint32_t kMaxBuffers = 1U << 30;
constexpr std::uint32_t kMaxBufferBytes = 1U << 20;
constexpr std::uint32_t kMaxCores = 1024;
constexpr std::uint32_t kAlign = 64;  // a buffer starts a cache line

base::Error invalid(std::string message, std::string hint) {
  return {base::ErrorCode::invalid, std::move(message), std::move(hint)};
}

base::Status check(const PoolConfig& config, const PoolMemory& memory) {
  if (config.size == 0 || config.size > kMaxBuffers) {
    return invalid("a response pool of " + std::to_string(config.size) + " buffers is not possible",
                   "set pool.size to 1 .. " + std::to_string(kMaxBuffers));
  }
  if (config.buffer_bytes == 0 || config.buffer_bytes > kMaxBufferBytes) {
    return invalid("a buffer of " + std::to_string(config.buffer_bytes) + " bytes is not possible",
                   "set pool.bufferBytes to 1 .. " + std::to_string(kMaxBufferBytes));
  }
  if (config.cores == 0 || config.cores > kMaxCores) {
    return invalid("a response pool for " + std::to_string(config.cores) + " cores is not possible",
                   "use 1 .. " + std::to_string(kMaxCores) + " cores");
  }
  if (memory.stride < config.buffer_bytes) {
    return invalid("buffers of " + std::to_string(config.buffer_bytes) +
                       " bytes do not fit a stride of " + std::to_string(memory.stride),
                   "set pool.bufferBytes to at most the frame size of the area");
  }
  const std::size_t needed = static_cast<std::size_t>(config.size) * memory.stride;
  if (memory.base != nullptr && memory.bytes < needed) {
    return invalid("the pool's area has " + std::to_string(memory.bytes) + " bytes, " +
                       std::to_string(needed) + " are needed",
                   "give a larger area, or a smaller pool.size");
  }
  return {};
}

}  // namespace

std::span<const PoolKind> pool_kinds() noexcept { return kKinds; }

base::Result<std::unique_ptr<ResponsePool>> create_pool(const PoolConfig& config,
                                                        PoolMemory memory) {
  const PoolKind* const kind = find_kind(pool_kinds(), config.kind);
  if (kind == nullptr) {
    return unknown_kind("response pool", pool_kinds(), config.kind);
  }
  if (memory.stride == 0 && config.buffer_bytes <= kMaxBufferBytes) {
    memory.stride = (config.buffer_bytes + kAlign - 1) / kAlign * kAlign;
  }
  if (base::Status status = check(config, memory); !status) {
    return status.error();
  }
  ring::MemoryArea own;
  if (memory.base == nullptr) {
    auto mapped = ring::MemoryArea::map(static_cast<std::size_t>(config.size) * memory.stride);
    if (!mapped) {
      return mapped.error();
    }
    own = std::move(mapped).value();
  }
  try {
    return kind->create(config, memory, std::move(own));
  } catch (const std::bad_alloc&) {
    return base::Error{
        base::ErrorCode::resource,
        "no memory for a response pool of " + std::to_string(config.size) + " buffers",
        "set pool.size smaller"};
  }
}

}  // namespace ringbed::device
