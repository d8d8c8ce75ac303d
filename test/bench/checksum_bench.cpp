// bench: wire libdpdk
// The Internet checksum against DPDK's rte_raw_cksum, both in one run. The bytes change alignment
// from call to call, as frames in a ring do; 16 buffers stay in the first-level cache.
#include <cstdio>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "bench/bench.hpp"
#include "wire/checksum.hpp"

#if RINGBED_PEER_LIBDPDK
#include <rte_ip.h>
#endif

namespace {

using namespace ringbed;

constexpr std::size_t kSlots = 16;

const std::vector<std::uint8_t>& data() {
  static const std::vector<std::uint8_t> bytes = [] {
    std::vector<std::uint8_t> made(kSlots * 2048 + 64);
    base::Random random(1, "bench.checksum");
    for (auto& byte : made) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    return made;
  }();
  return bytes;
}

// `sum` of `bytes` bytes, again and again; a template, so that it is inlined where it can be.
template <typename Sum>
std::function<void(std::uint64_t)> repeated(std::size_t bytes, Sum sum) {
  return [bytes, sum](std::uint64_t calls) {
    const std::uint8_t* const first = data().data();
    std::uint32_t keep = 0;
    for (std::uint64_t i = 0; i < calls; ++i) {
      keep += static_cast<std::uint32_t>(sum(first + (i % kSlots) * 2048 + (i & 2), bytes));
      asm volatile("" : "+r"(keep) : : "memory");
    }
  };
}

// About half a millisecond a round: past the time a core takes to power its wide vector lanes up.
std::uint64_t calls_of(std::size_t bytes) { return 10'000'000 / (bytes + 200); }

}  // namespace

int main() {
  std::vector<bench::Row> rows;
  for (const std::size_t bytes : {20, 32, 44, 64, 128, 256, 512, 1024, 1500}) {
    bench::Row row{std::to_string(bytes) + " bytes",
                   calls_of(bytes),
                   1,
                   repeated(bytes,
                            [](const std::uint8_t* from, std::size_t count) {
                              return wire::sum({from, count}).folded_native();
                            }),
                   "rte_raw_cksum",
                   {}};
#if RINGBED_PEER_LIBDPDK
    row.peers = repeated(bytes, [](const std::uint8_t* from, std::size_t count) {
      return rte_raw_cksum(from, count);
    });
#endif
    rows.push_back(std::move(row));
  }
  for (const auto& implementation : wire::sum_implementations()) {
    if (!implementation.available) {
      continue;
    }
    const bool chosen = implementation.sum == wire::chosen_sum_implementation().sum;
    for (const std::size_t bytes : {128, 512, 1500}) {
      rows.push_back({std::string(implementation.name) + (chosen ? " (chosen here), " : ", ") +
                          std::to_string(bytes) + " bytes",
                      calls_of(bytes),
                      1,
                      repeated(bytes, implementation.sum),
                      "",
                      {}});
    }
  }
  bench::run("checksum", rows, 41);
}
