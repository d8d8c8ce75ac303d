// The table of connection table kinds. A new kind is one index file and one row in tables.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "device/connection_table.hpp"

namespace ringbed::device {

struct TableKind {
  std::string_view name;
  std::string_view text;
  std::unique_ptr<ConnectionTable> (*create)(const ConnectionsConfig&);
};

[[nodiscard]] std::span<const TableKind> table_kinds() noexcept;

// Errors: invalid (kind, buckets, capacity), resource (no memory).
[[nodiscard]] base::Result<std::unique_ptr<ConnectionTable>> create_table(
    const ConnectionsConfig& config);

}  // namespace ringbed::device
