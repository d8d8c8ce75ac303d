// What the tables of kinds share: finding a row by its name, and the error that names them all.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ringbed::device {

// The row named `name`, or null. Row has a member `name`.
template <typename Row>
[[nodiscard]] const Row* find_kind(std::span<const Row> rows, std::string_view name) noexcept {
  for (const Row& row : rows) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

// what: "pool", "connection table", ...
template <typename Row>
[[nodiscard]] base::Error unknown_kind(std::string_view what, std::span<const Row> rows,
                                       std::string_view name) {
  std::string known;
  for (const Row& row : rows) {
    known += known.empty() ? "" : ", ";
    known += row.name;
  }
  return {base::ErrorCode::invalid,
          "there is no " + std::string(what) + " kind `" + std::string(name) + "`",
          "use one of: " + known};
}

}  // namespace ringbed::device
