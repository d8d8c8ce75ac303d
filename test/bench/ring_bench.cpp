// bench: ring libdpdk
// SPSC ring and MPMC queue against DPDK's rte_ring (SP/SC and MP/MC), 1,024 items of 8 bytes: one
// thread that pushes and pops bursts, and two threads that pass items from one core to the other.
#include <array>
#include <thread>

#include "bench/bench.hpp"
#include "ring/mpmc_queue.hpp"
#include "ring/spsc_ring.hpp"

#if RINGBED_PEER_LIBDPDK
#include <rte_ring.h>
#endif

namespace {

using namespace ringbed;

constexpr std::uint32_t kSize = 1024;
constexpr std::size_t kMaxBurst = 32;
using Items = std::array<void*, kMaxBurst>;

// push and pop: (pointer to items, count) -> count moved.
template <typename Push, typename Pop>
std::function<void(std::uint64_t)> one_thread(std::size_t burst, Push push, Pop pop) {
  return [=](std::uint64_t calls) {
    Items items{};
    for (std::uint64_t i = 0; i < calls; ++i) {
      bench::keep(items);
      push(items.data(), burst);
      pop(items.data(), burst);
    }
  };
}

template <typename Push, typename Pop>
std::function<void(std::uint64_t)> two_threads(std::size_t burst, Push push, Pop pop) {
  return [=](std::uint64_t calls) {
    const std::uint64_t total = calls * burst;
    std::thread sender([=] {
      Items items{};
      for (std::uint64_t sent = 0; sent < total;) {
        const auto count = push(items.data(), std::min<std::uint64_t>(burst, total - sent));
        sent += count;
        if (count == 0) {
          std::this_thread::yield();  // or a shared core would measure its time slices
        }
      }
    });
    Items items{};
    for (std::uint64_t received = 0; received < total;) {
      const auto count = pop(items.data(), burst);
      received += count;
      bench::keep(items);
      if (count == 0) {
        std::this_thread::yield();
      }
    }
    sender.join();
  };
}

}  // namespace

int main() {
  ring::SpscRing<void*> spsc(kSize);
  const auto push = [&spsc](void** items, std::size_t n) {
    return spsc.producer().push(std::span<void* const>(items, n));
  };
  const auto pop = [&spsc](void** items, std::size_t n) {
    return spsc.consumer().pop(std::span<void*>(items, n));
  };
  ring::MpmcQueue<void*> mpmc(kSize);
  const auto mp_push = [&mpmc](void** items, std::size_t n) {
    return mpmc.push(std::span<void* const>(items, n));
  };
  const auto mp_pop = [&mpmc](void** items, std::size_t n) {
    return mpmc.pop(std::span<void*>(items, n));
  };

  std::vector<bench::Row> rows{
      {"spsc burst of 1", 20'000, 1, one_thread(1, push, pop), "rte_ring SP/SC", {}, false},
      {"spsc burst of 32", 5'000, 32, one_thread(32, push, pop), "rte_ring SP/SC", {}, false},
      {"spsc two threads, bursts of 32",
       10'000,
       32,
       two_threads(32, push, pop),
       "rte_ring SP/SC",
       {},
       true},
      {"mpmc burst of 1", 10'000, 1, one_thread(1, mp_push, mp_pop), "rte_ring MP/MC", {}, false},
      {"mpmc burst of 32", 2'000, 32, one_thread(32, mp_push, mp_pop), "rte_ring MP/MC", {}, false},
  };
#if RINGBED_PEER_LIBDPDK
  if (bench::start_dpdk()) {
    rte_ring* const sp = rte_ring_create("sp", kSize, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    rte_ring* const mp = rte_ring_create("mp", kSize, SOCKET_ID_ANY, 0);
    if (sp != nullptr && mp != nullptr) {
      const auto sp_push = [sp](void** items, std::size_t n) {
        return rte_ring_sp_enqueue_burst(sp, items, static_cast<unsigned>(n), nullptr);
      };
      const auto sc_pop = [sp](void** items, std::size_t n) {
        return rte_ring_sc_dequeue_burst(sp, items, static_cast<unsigned>(n), nullptr);
      };
      const auto peer_mp_push = [mp](void** items, std::size_t n) {
        return rte_ring_mp_enqueue_burst(mp, items, static_cast<unsigned>(n), nullptr);
      };
      const auto peer_mc_pop = [mp](void** items, std::size_t n) {
        return rte_ring_mc_dequeue_burst(mp, items, static_cast<unsigned>(n), nullptr);
      };
      rows[0].peers = one_thread(1, sp_push, sc_pop);
      rows[1].peers = one_thread(32, sp_push, sc_pop);
      rows[2].peers = two_threads(32, sp_push, sc_pop);
      rows[3].peers = one_thread(1, peer_mp_push, peer_mc_pop);
      rows[4].peers = one_thread(32, peer_mp_push, peer_mc_pop);
    }
  }
#endif
  bench::run("ring", rows);
}
