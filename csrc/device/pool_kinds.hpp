// What pools.cpp lists: one maker for each kind, each defined in the file of its kind.
#pragma once

#include <memory>

#include "device/pool.hpp"

namespace ringbed::device {

std::unique_ptr<ResponsePool> create_fifo_pool(const PoolConfig& config, const PoolMemory& memory,
                                               ring::MemoryArea own);
std::unique_ptr<ResponsePool> create_ring_pool(const PoolConfig& config, const PoolMemory& memory,
                                               ring::MemoryArea own);
std::unique_ptr<ResponsePool> create_percore_pool(const PoolConfig& config,
                                                  const PoolMemory& memory, ring::MemoryArea own);

}  // namespace ringbed::device
