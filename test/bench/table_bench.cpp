// bench: device libdpdk
// Connection tables against DPDK's rte_hash: 100,000 entries, 16-byte keys (the head of a
// ConnectionKey), bursts of 32 random keys, all present or all absent. Both sides build their keys
// from a random number in the timed loop, as a parser would, so that neither reads a key array.
#include <array>
#include <numeric>

#include "base/random.hpp"
#include "bench/bench.hpp"
#include "device/jhash.hpp"
#include "device/tables.hpp"

#if RINGBED_PEER_LIBDPDK
#include <rte_hash.h>
#include <rte_jhash.h>
#endif

namespace {

using namespace ringbed;
using device::Connection;
using device::ConnectionKey;

constexpr std::uint32_t kEntries = 100'000;
constexpr std::size_t kBurst = 32;

ConnectionKey key_of(std::uint32_t n) {
  return ConnectionKey::v4(0x0a000000 + n, 0x0a640001, static_cast<std::uint16_t>(n * 40503U >> 3),
                           8080, 6);
}

struct Numbers {
  std::vector<std::uint32_t> order;
  std::size_t at = 0;

  explicit Numbers(std::uint32_t first) : order(kEntries / kBurst * kBurst) {
    std::iota(order.begin(), order.end(), first);
    base::Random random(first, "bench.table");
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random.below(i)]);
    }
  }
  const std::uint32_t* next() {
    at = at + kBurst > order.size() - kBurst ? 0 : at + kBurst;
    return order.data() + at;
  }
};

}  // namespace

int main() {
  auto present = std::make_shared<Numbers>(0);
  auto absent = std::make_shared<Numbers>(kEntries);
  std::function<void(std::uint64_t, Numbers&)> peer;
#if RINGBED_PEER_LIBDPDK
  struct PeerKey {
    std::uint64_t words[2];
  };
  static const auto peer_key = [](std::uint32_t n) {
    const ConnectionKey key = key_of(n);
    return PeerKey{{key.addresses, key.flow}};
  };
  if (bench::start_dpdk()) {
    base::Random random(1, "bench.jhash");
    for (int i = 0; i < 1000; ++i) {  // a second oracle for ours
      const auto a = static_cast<std::uint32_t>(random.next());
      const auto b = static_cast<std::uint32_t>(random.next());
      const auto c = static_cast<std::uint32_t>(random.next());
      if (rte_jhash_3words(a, b, c, 7) != device::jhash_3words(a, b, c, 7)) {
        std::fprintf(stderr, "jhash_3words differs from DPDK's\n");
        return 1;
      }
    }
    rte_hash_parameters parameters{};
    parameters.name = "bench";
    parameters.entries = kEntries;
    parameters.key_len = sizeof(PeerKey);
    parameters.socket_id = static_cast<int>(SOCKET_ID_ANY);
    if (rte_hash* const hash = rte_hash_create(&parameters); hash != nullptr) {
      std::uint32_t missing = 0;
      for (std::uint32_t n = 0; n < kEntries; ++n) {
        const PeerKey key = peer_key(n);
        missing += rte_hash_add_key(hash, &key) < 0 ? 1 : 0;
      }
      if (missing != 0) {
        std::fprintf(stderr, "rte_hash holds %u fewer than %u\n", missing, kEntries);
      }
      peer = [hash](std::uint64_t calls, Numbers& numbers) {
        std::array<PeerKey, kBurst> keys;
        std::array<const void*, kBurst> pointers;
        std::array<std::int32_t, kBurst> positions;
        for (std::size_t i = 0; i < kBurst; ++i) {
          pointers[i] = &keys[i];
        }
        for (std::uint64_t call = 0; call < calls; ++call) {
          const std::uint32_t* const batch = numbers.next();
          for (std::size_t i = 0; i < kBurst; ++i) {
            keys[i] = peer_key(batch[i]);
          }
          bench::keep(keys);
          rte_hash_lookup_bulk(hash, pointers.data(), kBurst, positions.data());
          bench::keep(positions);
        }
      };
    }
  }
#endif
  std::vector<std::unique_ptr<device::ConnectionTable>> tables;
  std::vector<bench::Row> rows;
  for (const device::TableKind& kind : device::table_kinds()) {
    device::ConnectionsConfig config;
    config.kind = kind.name;
    config.capacity = kEntries;
    config.buckets = 1U << 17;
    config.idle_timeout_ns = 0;
    tables.push_back(std::move(device::create_table(config)).value());
    device::ConnectionTable& table = *tables.back();
    for (std::uint32_t n = 0; n < kEntries; ++n) {
      if (table.insert(key_of(n), 0) == nullptr) {
        return 1;
      }
    }
    const auto lookup = [&table](std::uint64_t calls, Numbers& numbers) {
      std::array<ConnectionKey, kBurst> keys;
      std::array<Connection*, kBurst> found;
      for (std::uint64_t call = 0; call < calls; ++call) {
        const std::uint32_t* const batch = numbers.next();
        for (std::size_t i = 0; i < kBurst; ++i) {
          keys[i] = key_of(batch[i]);
        }
        bench::keep(keys);
        table.find_burst(keys, found);
        bench::keep(found);
      }
    };
    const auto row = [&](const char* what, std::shared_ptr<Numbers> numbers) {
      bench::Row added{std::string(kind.name) + " " + what,
                       1'500,
                       kBurst,
                       [=](std::uint64_t n) { lookup(n, *numbers); },
                       "rte_hash_lookup_bulk",
                       {}};
      if (peer) {
        added.peers = [=](std::uint64_t n) { peer(n, *numbers); };
      }
      rows.push_back(std::move(added));
    };
    row("burst of 32, present", present);
    row("burst of 32, absent", absent);
    rows.push_back({std::string(kind.name) + " one by one, present",
                    20'000,
                    1,
                    [&table, present](std::uint64_t calls) {
                      for (std::uint64_t i = 0; i < calls; ++i) {
                        bench::keep(table.find(key_of(present->order[i]), 0));
                      }
                    },
                    "",
                    {}});
    rows.push_back({std::string(kind.name) + " close and insert",
                    10'000,
                    1,
                    [&table, present](std::uint64_t calls) {
                      for (std::uint64_t i = 0; i < calls; ++i) {
                        const ConnectionKey key = key_of(present->order[i]);
                        table.close(*table.find(key, 0).connection);
                        bench::keep(table.insert(key, 0));
                      }
                    },
                    "",
                    {}});
  }
  bench::run("table", rows);
}
