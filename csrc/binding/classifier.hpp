// `ringbed classifier run` across the boundary.
#pragma once

#include <napi.h>

#include "engine/classifier_run.hpp"

namespace ringbed::binding {

// classifierRun(options) -> {stop(), result}
Napi::Value classifier_run(const Napi::CallbackInfo& info);

// The part of the options that changes an object: type, maps, stages, progArray.
[[nodiscard]] engine::ClassifierPlan classifier_plan(const Napi::Object& options);

// "vm", "jit", "kernel"; throws a TypeError for anything else.
[[nodiscard]] engine::ExecutorKind executor_kind(const Napi::Value& value);

}  // namespace ringbed::binding
