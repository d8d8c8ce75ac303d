// What only the components themselves know to be impossible in a plan: as many flows as there are
// not addresses, sessions without a frame, a capture that cannot be read. Whoever wants to know
// before a run (`ringbed validate`) asks here; a run meets the same checks.
#pragma once

#include "base/result.hpp"
#include "engine/plan.hpp"

namespace ringbed::engine {

// Makes the plan's traffic and throws it away; replays are read once. Errors begin with the path in
// the scenario ("traffic.NAME.flows: …"), but for files that cannot be read: invalid, io.
[[nodiscard]] base::Status check_plan(const Plan& plan);

}  // namespace ringbed::engine
