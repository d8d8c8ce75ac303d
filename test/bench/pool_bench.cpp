// bench: device libdpdk
// Response pools: every kind through its public interface against DPDK's rte_mempool with a cache,
// both of 4,096 buffers, on one core.
#include <array>

#include "bench/bench.hpp"
#include "device/pools.hpp"

#if RINGBED_PEER_LIBDPDK
#include <rte_mempool.h>
#endif

namespace {

using namespace ringbed;
using device::ResponsePool;

constexpr std::uint32_t kSize = 4096;
constexpr std::size_t kBurst = 32;

void single(ResponsePool& pool, std::uint64_t calls) {
  for (std::uint64_t i = 0; i < calls; ++i) {
    const std::uint32_t id = pool.get(0);
    bench::keep(id);
    pool.put(0, id);
  }
}

// Taken one by one while a burst is processed, returned one by one when it has left.
void in_flight(ResponsePool& pool, std::uint64_t calls) {
  std::array<std::uint32_t, kBurst> ids;
  for (std::uint64_t i = 0; i < calls; ++i) {
    for (auto& id : ids) {
      id = pool.get(0);
    }
    bench::keep(ids);
    for (const auto id : ids) {
      pool.put(0, id);
    }
  }
}

void bulk(ResponsePool& pool, std::uint64_t calls) {
  std::array<std::uint32_t, kBurst> ids;
  for (std::uint64_t i = 0; i < calls; ++i) {
    const std::size_t count = pool.get_burst(0, ids);
    bench::keep(ids);
    pool.put_burst(0, std::span(ids).first(count));
  }
}

}  // namespace

int main() {
  std::function<void(std::uint64_t)> peer_single;
  std::function<void(std::uint64_t)> peer_in_flight;
  std::function<void(std::uint64_t)> peer_bulk;
#if RINGBED_PEER_LIBDPDK
  if (bench::start_dpdk()) {
    // DPDK advises a size of a power of two less one, and a cache that divides it evenly.
    rte_mempool* const pool = rte_mempool_create("bench", kSize - 1, 1536, 273, 0, nullptr, nullptr,
                                                 nullptr, nullptr, SOCKET_ID_ANY, 0);
    if (pool != nullptr) {
      peer_single = [pool](std::uint64_t calls) {
        for (std::uint64_t i = 0; i < calls; ++i) {
          void* buffer = nullptr;
          rte_mempool_get(pool, &buffer);
          bench::keep(buffer);
          rte_mempool_put(pool, buffer);
        }
      };
      peer_in_flight = [pool](std::uint64_t calls) {
        std::array<void*, kBurst> buffers;
        for (std::uint64_t i = 0; i < calls; ++i) {
          for (auto& buffer : buffers) {
            rte_mempool_get(pool, &buffer);
          }
          bench::keep(buffers);
          for (auto* buffer : buffers) {
            rte_mempool_put(pool, buffer);
          }
        }
      };
      peer_bulk = [pool](std::uint64_t calls) {
        std::array<void*, kBurst> buffers;
        for (std::uint64_t i = 0; i < calls; ++i) {
          rte_mempool_get_bulk(pool, buffers.data(), kBurst);
          bench::keep(buffers);
          rte_mempool_put_bulk(pool, buffers.data(), kBurst);
        }
      };
    }
  }
#endif
  std::vector<std::unique_ptr<ResponsePool>> pools;
  std::vector<bench::Row> rows;
  for (const device::PoolKind& kind : device::pool_kinds()) {
    device::PoolConfig config;
    config.kind = kind.name;
    config.size = kSize;
    pools.push_back(std::move(device::create_pool(config)).value());
    ResponsePool& pool = *pools.back();
    const std::string name(kind.name);
    const auto row = [&](const char* pattern, std::uint64_t calls, double items, auto work,
                         const auto& peer) {
      rows.push_back({name + " " + pattern, calls, items,
                      [&pool, work](std::uint64_t n) { work(pool, n); }, "rte_mempool cache",
                      peer});
    };
    row("get+put", 20'000, 1, single, peer_single);
    row("32 gets, 32 puts", 800, kBurst, in_flight, peer_in_flight);
    row("burst of 32", 2'000, kBurst, bulk, peer_bulk);
  }
  bench::run("pool", rows);
}
