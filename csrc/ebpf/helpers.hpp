// The table of helpers: the kernel's number, its name, our function. A helper is one function in
// a file helpers_<subject>.cpp and one row of helpers.cpp. Return values are the kernel's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ebpf/machine.hpp"

namespace ringbed::ebpf {

// What the JIT must know of a helper.
struct HelperEffects {
  bool writes = false;        // to memory that an argument points to
  bool moves_packet = false;  // the bounds of the packet change
  bool calls_back = false;    // into the program
};

struct HelperRow {
  std::uint32_t number;
  std::string_view name;
  HelperFunction function;
  HelperEffects effects = {};
};

// Ascending by number.
[[nodiscard]] std::span<const HelperRow> helpers() noexcept;

// "" for a number that the table does not have.
[[nodiscard]] std::string_view helper_name(std::uint32_t number) noexcept;

// All of them for a number that the table does not have.
[[nodiscard]] HelperEffects helper_effects(std::uint32_t number) noexcept;

}  // namespace ringbed::ebpf
