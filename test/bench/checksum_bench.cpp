// bench: wire libdpdk
// The Internet checksum against DPDK's rte_raw_cksum, both in one run: rounds interleaved, each
// round's figure is the mean of many calls, the row is the median of rounds. The bytes change
// alignment from call to call, as frames in a ring do. JSON on standard output.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "wire/checksum.hpp"
#include "wire/ipv4.hpp"

#if RINGBED_PEER_LIBDPDK
#include <rte_ip.h>
#endif

namespace {

using namespace ringbed;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 41;
constexpr std::size_t kSlots = 16;  // 16 buffers stay in the first-level cache

struct Row {
  std::string name;
  std::size_t bytes;
  std::vector<double> ours;
  std::vector<double> peers;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0.0 : values[values.size() / 2];
}

template <typename Fn>
double ns_per_call(std::size_t calls, const std::vector<std::uint8_t>& data, std::size_t bytes,
                   Fn&& fn) {
  std::uint32_t keep = 0;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < calls; ++i) {
    keep += fn(data.data() + (i % kSlots) * 2048 + (i & 2), bytes);
    asm volatile("" : "+r"(keep) : : "memory");
  }
  const std::chrono::duration<double, std::nano> spent = Clock::now() - start;
  return spent.count() / static_cast<double>(calls);
}

std::uint16_t ours(const std::uint8_t* from, std::size_t bytes) {
  return wire::sum({from, bytes}).folded_native();
}

#if RINGBED_PEER_LIBDPDK
std::uint16_t peer(const std::uint8_t* from, std::size_t bytes) {
  return rte_raw_cksum(from, bytes);
}
#endif

}  // namespace

int main() {
  base::Random random(1, "bench.checksum");
  std::vector<std::uint8_t> data(kSlots * 2048 + 64);
  for (auto& byte : data) {
    byte = static_cast<std::uint8_t>(random.next());
  }
  std::vector<Row> rows;
  for (const std::size_t bytes : {20, 32, 44, 64, 128, 256, 512, 1024, 1500}) {
    rows.push_back({std::to_string(bytes) + "B", bytes, {}, {}});
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Row& row : rows) {
      // About a millisecond: long past the time a core takes to power its wide vector lanes up.
      const std::size_t calls = 20'000'000 / (row.bytes + 200);
      row.ours.push_back(ns_per_call(calls, data, row.bytes, ours));
#if RINGBED_PEER_LIBDPDK
      row.peers.push_back(ns_per_call(calls, data, row.bytes, peer));
#endif
    }
  }
  std::printf("{\"bench\":\"checksum\",\"implementation\":\"%s\",\"rows\":[",
              wire::chosen_sum_implementation().name);
  const char* comma = "";
  const auto print = [&comma](const std::string& name, double ns, const char* peer_name,
                              double peer_ns) {
    std::printf("%s\n{\"name\":\"%s\",\"ns\":%.2f", comma, name.c_str(), ns);
    if (peer_ns > 0) {
      std::printf(",\"peer\":\"%s\",\"peerNs\":%.2f,\"ratio\":%.2f", peer_name, peer_ns,
                  peer_ns / ns);
    }
    std::printf("}");
    comma = ",";
  };
  for (const Row& row : rows) {
    print(row.name, median(row.ours), "rte_raw_cksum", median(row.peers));
  }
  for (const auto& implementation : wire::sum_implementations()) {
    if (!implementation.available) {
      continue;
    }
    for (const std::size_t bytes : {128, 512, 1500}) {
      std::vector<double> figures;
      for (int round = 0; round < kRounds; ++round) {
        figures.push_back(ns_per_call(
            2'000'000 / bytes, data, bytes, [&](const std::uint8_t* from, std::size_t count) {
              return static_cast<std::uint32_t>(implementation.sum(from, count));
            }));
      }
      print(std::string(implementation.name) + "/" + std::to_string(bytes) + "B", median(figures),
            "", 0.0);
    }
  }
  std::printf("\n]}\n");
}
