// What the comparing benchmarks share: interleaved rounds of us and a peer in one process, the
// median of rounds, and the JSON that `ringbed bench` reads:
// {"bench": name, "rows": [{name, ns, peer, peerNs, ratio}]}; ratio = ns / peerNs, below 1: faster.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#if RINGBED_PEER_LIBDPDK
#include <rte_eal.h>
#endif

namespace ringbed::bench {

// Each does its work `calls` times. No peer: an empty function.
struct Row {
  std::string name;
  std::uint64_t calls;  // a round
  double items;         // in one call: figures are for one item
  std::function<void(std::uint64_t)> ours;
  const char* peer = "";
  std::function<void(std::uint64_t)> peers;
  bool wall = false;  // by the wall clock: for work of several threads
};

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0.0 : values[values.size() / 2];
}

// CPU time of this thread: on a machine that others use too, what matters is what the work costs,
// not when it was scheduled.
inline double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}
inline double wall_ns() {
  const std::chrono::duration<double, std::nano> now =
      std::chrono::steady_clock::now().time_since_epoch();
  return now.count();
}

// A part of the work goes first, not measured: it fetches its own data back from where the other's
// has pushed it.
inline double ns_of(const std::function<void(std::uint64_t)>& work, const Row& row) {
  const auto now = row.wall ? wall_ns : cpu_ns;
  work(row.calls / 2);
  const double start = now();
  work(row.calls);
  return (now() - start) / (static_cast<double>(row.calls) * row.items);
}

// `more` prints rows of its own kind, each with a comma in front.
inline void run(const char* bench, const std::vector<Row>& rows, int rounds = 31,
                const std::function<void()>& more = {}) {
  std::vector<std::vector<double>> ours(rows.size());
  std::vector<std::vector<double>> peers(rows.size());
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& row = rows[i];
      const double mine = ns_of(row.ours, row);
      const double other = row.peers ? ns_of(row.peers, row) : 0.0;
      if (round > 0) {  // round 0 warms up
        ours[i].push_back(mine);
        peers[i].push_back(other);
      }
    }
  }
  std::printf("{\"bench\":\"%s\",\"rows\":[", bench);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double ns = median(ours[i]);
    std::printf("%s\n{\"name\":\"%s\",\"ns\":%.2f", i == 0 ? "" : ",", rows[i].name.c_str(), ns);
    if (rows[i].peers) {
      const double peer = median(peers[i]);
      std::printf(",\"peer\":\"%s\",\"peerNs\":%.2f,\"ratio\":%.3f", rows[i].peer, peer, ns / peer);
    }
    std::printf("}");
  }
  if (more) {
    more();
  }
  std::printf("\n]}\n");
}

// Keeps the compiler from dropping or moving what it thinks nobody reads.
template <typename T>
inline void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// DPDK without huge pages, devices or files; false where it is not installed or does not start.
inline bool start_dpdk() {
#if RINGBED_PEER_LIBDPDK
  std::vector<std::string> words{
      "bench",         "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
      "--log-level=3", "-m",        "256",      "-l",          "0"};
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  return rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0;
#else
  return false;
#endif
}

}  // namespace ringbed::bench
