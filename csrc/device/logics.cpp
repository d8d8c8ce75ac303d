#include "device/logics.hpp"

#include <array>
#include <string>

#include "device/kinds.hpp"
#include "device/logic_kinds.hpp"

namespace ringbed::device {

namespace {

constexpr auto kKinds = std::to_array<LogicKind>({
    {"threshold", "buys one cent above any price below a threshold (published)",
     create_threshold_logic},
    {"sample", "one order in every N messages, buying and selling in turn", create_sample_logic},
});

constexpr std::uint32_t kMaxOrderCache = 1U << 20;
constexpr std::uint32_t kMaxCores = 256;  // an order id has two digits for the core

}  // namespace

std::span<const LogicKind> logic_kinds() noexcept { return kKinds; }

base::Result<std::unique_ptr<Logic>> create_logic(const LogicConfig& config, std::uint32_t core) {
  const LogicKind* const kind = find_kind(logic_kinds(), config.kind);
  if (kind == nullptr) {
    return unknown_kind("decision logic", logic_kinds(), config.kind);
  }
  if (config.every == 0) {
    return base::Error{base::ErrorCode::invalid, "logic.every is 0", "set it to at least 1"};
  }
  if (config.order_cache > kMaxOrderCache) {
    return base::Error{
        base::ErrorCode::invalid,
        "an order cache of " + std::to_string(config.order_cache) + " is not possible",
        "set logic.orderCache to at most " + std::to_string(kMaxOrderCache)};
  }
  if (core >= kMaxCores) {
    return base::Error{base::ErrorCode::invalid,
                       "core " + std::to_string(core) + " is more than order ids can tell apart",
                       "use at most " + std::to_string(kMaxCores) + " cores"};
  }
  return kind->create(config, core);
}

}  // namespace ringbed::device
