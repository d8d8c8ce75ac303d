// The table of pool kinds. A new kind is one file and one row in pools.cpp; sweeps, the contract
// suite and the benchmark find it here by name.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "device/pool.hpp"

namespace ringbed::device {

struct PoolKind {
  std::string_view name;
  std::string_view text;
  std::unique_ptr<ResponsePool> (*create)(const PoolConfig&, const PoolMemory&, ring::MemoryArea);
};

[[nodiscard]] std::span<const PoolKind> pool_kinds() noexcept;

// Makes the pool that `config` names. With memory.base the buffers lie in the caller's area, which
// must outlive the pool; without it the pool maps its own. Errors: invalid (kind, size, capacity,
// area too small), resource (no memory).
[[nodiscard]] base::Result<std::unique_ptr<ResponsePool>> create_pool(const PoolConfig& config,
                                                                      PoolMemory memory = {});

}  // namespace ringbed::device
