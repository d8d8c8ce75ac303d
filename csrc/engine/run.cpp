#include "engine/run.hpp"

#include <new>

#include "engine/live_run.hpp"
#include "engine/sim_run.hpp"

namespace ringbed::engine {

base::Result<RunResult> run(const Plan& plan, const RunControl& control) {
  try {
    switch (plan.world) {
      case Plan::World::sim: return run_sim(plan, control);
      case Plan::World::veth:
      case Plan::World::nic: return run_live(plan, control);
    }
  } catch (const std::bad_alloc&) {
    return base::Error{base::ErrorCode::resource, "not enough memory for this scenario",
                       "lower device.pool.size, device.connections.capacity or the flows"};
  }
  return base::Error{base::ErrorCode::internal, "a world that nobody knows", ""};
}

}  // namespace ringbed::engine
