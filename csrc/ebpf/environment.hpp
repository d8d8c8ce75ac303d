// What a program can learn from outside its maps and packet: time, chance, the CPU it runs on.
// All injected, so that a simulated run is deterministic.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace ringbed::ebpf {

// One route of bpf_fib_lookup: the longest prefix wins.
struct FibRoute {
  bool ipv6 = false;
  std::array<std::uint8_t, 16> prefix{};  // IPv4 in the first four bytes
  std::uint32_t prefix_bits = 0;
  std::uint32_t ifindex = 0;
  std::uint32_t mtu = 1500;
  std::array<std::uint8_t, 6> source_mac{};
  std::array<std::uint8_t, 6> destination_mac{};
};

struct Environment {
  std::uint64_t now_ns = 0;  // what bpf_ktime_get_ns returns; the simulator moves it
  std::uint32_t cpu = 0;     // below cpus
  std::uint32_t cpus = 1;    // slots of a per-CPU map
  base::Random random{0, "ebpf"};
  std::vector<FibRoute> routes;    // none: the interface does not forward
  std::vector<std::string> trace;  // what bpf_trace_printk printed, at most kTraceLines
};

inline constexpr std::size_t kTraceLines = 1024;

}  // namespace ringbed::ebpf
