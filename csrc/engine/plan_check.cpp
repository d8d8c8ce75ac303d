#include "engine/plan_check.hpp"

#include "device/device_config.hpp"
#include "ebpf/kernel_classifier.hpp"
#include "engine/classifier_object.hpp"
#include "engine/kernel_layout.hpp"
#include "gen/generator.hpp"

namespace ringbed::engine {

namespace {

// Whether the object is there and has what the scenario names.
base::Status check_classifier(const ClassifierPlan& classifier) {
  const auto placed = [](base::Error error) {
    if (!error.message.starts_with("classifier.")) {
      error.message = "classifier.object: " + error.message;
    }
    return error;
  };
  auto object = open_classifier(classifier);
  if (!object) {
    return placed(object.error());
  }
  auto status = ebpf::check_layout(layout_of(classifier, *object.value()));
  return status ? status : base::Status(placed(status.error()));
}

}  // namespace

base::Status check_plan(const Plan& plan) {
  if (auto status = device::check_device_config(plan.device); !status) {
    return status;
  }
  if (plan.has_classifier) {
    if (auto status = check_classifier(plan.classifier); !status) {
      return status;
    }
  }
  const auto source =
      gen::Generator::create(plan.traffic, plan.seed, plan.sim.link.rate_bps, {1, 0});
  return source ? base::Status() : base::Status(source.error());
}

}  // namespace ringbed::engine
