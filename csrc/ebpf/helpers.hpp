// The table of helpers: the kernel's number, its name, our function. A helper is one function in
// a file helpers_<subject>.cpp and one row of helpers.cpp. Return values are the kernel's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ebpf/machine.hpp"

namespace ringbed::ebpf {

struct HelperRow {
  std::uint32_t number;
  std::string_view name;
  HelperFunction function;
};

// Ascending by number.
[[nodiscard]] std::span<const HelperRow> helpers() noexcept;

// "" for a number that the table does not have.
[[nodiscard]] std::string_view helper_name(std::uint32_t number) noexcept;

}  // namespace ringbed::ebpf
