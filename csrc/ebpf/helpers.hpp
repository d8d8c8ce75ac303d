// The table of helpers: the kernel's number, our function. A helper is one function in
// a file helpers_<subject>.cpp and one row of helpers.cpp. Return values are the kernel's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ebpf/isa.hpp"
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
  HelperFunction function;
  HelperEffects effects = {};
};

// Ascending by number.
[[nodiscard]] std::span<const HelperRow> helpers() noexcept;

// nullptr for a number that the table does not have.
[[nodiscard]] const HelperRow* find_helper(std::uint32_t number) noexcept;

// "helper 34 (bpf_get_hash_recalc)", by the kernel's name where the kernel has one of that number.
[[nodiscard]] std::string helper_text(std::uint32_t number);

// Helpers that `code` calls and that are not simulated, ascending, each once.
[[nodiscard]] std::vector<std::uint32_t> unknown_helpers(const std::vector<RawInstruction>& code);

// All of them for a number that the table does not have.
[[nodiscard]] HelperEffects helper_effects(std::uint32_t number) noexcept;

}  // namespace ringbed::ebpf
