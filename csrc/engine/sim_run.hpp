// The simulated world's run. Blocking, one thread; see run.hpp for the errors.
#pragma once

#include "base/result.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"
#include "engine/run.hpp"

namespace ringbed::engine {

[[nodiscard]] base::Result<RunResult> run_sim(const Plan& plan, const RunControl& control);

}  // namespace ringbed::engine
