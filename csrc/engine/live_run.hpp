// A run in a live world: real interfaces, real time. Blocking; makes threads of its own. See
// run.hpp for the errors.
#pragma once

#include "base/result.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"
#include "engine/run.hpp"

namespace ringbed::engine {

[[nodiscard]] base::Result<RunResult> run_live(const Plan& plan, const RunControl& control);

}  // namespace ringbed::engine
