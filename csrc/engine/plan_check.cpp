#include "engine/plan_check.hpp"

#include "device/device_config.hpp"
#include "gen/generator.hpp"

namespace ringbed::engine {

base::Status check_plan(const Plan& plan) {
  if (auto status = device::check_device_config(plan.device); !status) {
    return status;
  }
  const auto source =
      gen::Generator::create(plan.traffic, plan.seed, plan.sim.link.rate_bps, {1, 0});
  return source ? base::Status() : base::Status(source.error());
}

}  // namespace ringbed::engine
