// What logics.cpp lists: one maker for each kind, each defined in the file of its kind.
#pragma once

#include <memory>

#include "device/config.hpp"
#include "device/logic.hpp"

namespace ringbed::device {

std::unique_ptr<Logic> create_threshold_logic(const LogicConfig& config, std::uint32_t core);
std::unique_ptr<Logic> create_sample_logic(const LogicConfig& config, std::uint32_t core);

}  // namespace ringbed::device
