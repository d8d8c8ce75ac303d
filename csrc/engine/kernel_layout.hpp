// A scenario's or a command's classifier as what the kernel loads.
#pragma once

#include <string>

#include "base/result.hpp"
#include "ebpf/kernel_classifier.hpp"
#include "engine/classifier_object.hpp"
#include "engine/plan.hpp"

namespace ringbed::engine {

// Takes the object's file; `object.spec` stays as it is. Stages are the plan's; without any the
// object's own initialisers stand.
[[nodiscard]] ebpf::ClassifierLayout layout_of(const ClassifierPlan& plan,
                                               ClassifierObject& object);

// Tells the stages of a generation what classifier_entries() says, before it sees a frame. `plan`
// and `object` must live as long as what is returned.
[[nodiscard]] ebpf::Prepare tell_stages(const Plan& plan, const ClassifierObject& object);

// The stages' counters as they are now, the entry last; of an object that does not count, the entry
// alone.
[[nodiscard]] std::vector<ClassifierStage> kernel_stages(const ClassifierObject& object,
                                                         const ebpf::KernelClassifier& classifier);

}  // namespace ringbed::engine
