// The table of decision logics. A new one is one file and one row in logics.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "device/config.hpp"
#include "device/logic.hpp"

namespace ringbed::device {

struct LogicKind {
  std::string_view name;
  std::string_view text;
  std::unique_ptr<Logic> (*create)(const LogicConfig&, std::uint32_t core);
};

[[nodiscard]] std::span<const LogicKind> logic_kinds() noexcept;

// `core` makes order ids unique across the cores of a device, core < 256. Error: invalid.
[[nodiscard]] base::Result<std::unique_ptr<Logic>> create_logic(const LogicConfig& config,
                                                                std::uint32_t core);

}  // namespace ringbed::device
