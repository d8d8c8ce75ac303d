#include "engine/run.hpp"

#include <new>

#include "engine/live_run.hpp"
#include "engine/sim_run.hpp"

namespace ringbed::engine {

namespace {

// Whoever asks afterwards, or still waits, is told why nobody answers.
class OpenDesk {
 public:
  explicit OpenDesk(ControlDesk* desk) : desk_(desk) {}
  OpenDesk(const OpenDesk&) = delete;
  OpenDesk& operator=(const OpenDesk&) = delete;
  ~OpenDesk() {
    if (desk_ != nullptr) {
      desk_->close({base::ErrorCode::unavailable, "the run is over", "see its report"});
    }
  }

 private:
  ControlDesk* desk_;
};

base::Error no_control_in_sim() {
  return {base::ErrorCode::unavailable,
          "this run is simulated: it goes by virtual time, in which a command from outside would "
          "come at another moment each time, and the same seed would not give the same answer",
          "control a device that runs with --on veth or --on nic:IF; change a simulated one in its "
          "scenario"};
}

}  // namespace

base::Result<RunResult> run(const Plan& plan, const RunControl& control) {
  const OpenDesk open(control.desk);
  try {
    switch (plan.world) {
      case Plan::World::sim:
        if (control.desk != nullptr) {
          control.desk->close(no_control_in_sim());
        }
        return run_sim(plan, control);
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
