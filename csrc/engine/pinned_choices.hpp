// What a pinned classifier was put together from. The programs in the kernel do not tell, so it is
// kept with the pins, and another process can load it again with one stage replaced:
//
//   choice 0   the classifier: object, entry, stages, sizes
//   choice 1…  a stage that took the place of slot N: object, program
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/plan.hpp"

namespace ringbed::engine {

struct PinnedChoice {
  ClassifierPlan plan;
  std::optional<std::uint32_t> slot;  // nothing: the classifier itself
  std::vector<std::uint8_t> file;     // of the object
};

// In the place of what was kept in `folder` before.
[[nodiscard]] base::Status pin_choices(const std::string& folder,
                                       const std::vector<PinnedChoice>& choices);

// Never empty. Error: invalid (nothing is pinned there, or by a ringbed that kept nothing).
[[nodiscard]] base::Result<std::vector<PinnedChoice>> pinned_choices(const std::string& folder);

}  // namespace ringbed::engine
