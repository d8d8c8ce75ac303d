#include "device/tables.hpp"

#include <array>
#include <new>
#include <string>

#include "device/basic_table.hpp"
#include "device/chained_index.hpp"
#include "device/f14_index.hpp"
#include "device/kinds.hpp"

namespace ringbed::device {

namespace {

template <typename Index>
std::unique_ptr<ConnectionTable> make(const ConnectionsConfig& config) {
  return std::make_unique<BasicTable<Index>>(config);
}

constexpr auto kKinds = std::to_array<TableKind>({
    {"chained", "jhash modulo buckets, chains (the published design)", make<ChainedIndex>},
    {"f14", "open addressing, 12 tags and links a cache line, keyed hash", make<F14Index>},
});

constexpr std::uint32_t kMaxConnections = 1U << 30;

}  // namespace

std::span<const TableKind> table_kinds() noexcept { return kKinds; }

base::Result<std::unique_ptr<ConnectionTable>> create_table(const ConnectionsConfig& config) {
  const TableKind* const kind = find_kind(table_kinds(), config.kind);
  if (kind == nullptr) {
    return unknown_kind("connection table", table_kinds(), config.kind);
  }
  const auto out_of_range = [](std::uint32_t n) { return n == 0 || n > kMaxConnections; };
  if (out_of_range(config.buckets) || out_of_range(config.capacity)) {
    return base::Error{base::ErrorCode::invalid,
                       "a connection table with connections.buckets " +
                           std::to_string(config.buckets) + " and connections.capacity " +
                           std::to_string(config.capacity) + " is not possible",
                       "set both to 1 .. " + std::to_string(kMaxConnections)};
  }
  try {
    return kind->create(config);
  } catch (const std::bad_alloc&) {
    return base::Error{
        base::ErrorCode::resource,
        "no memory for a table of " + std::to_string(config.capacity) + " connections",
        "set connections.capacity smaller"};
  }
}

}  // namespace ringbed::device
