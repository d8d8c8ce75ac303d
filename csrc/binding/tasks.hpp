// Long work on its own thread: start() and generate() return a handle {stop(), result}, where
// `result` is a promise. Every task of an environment is known to it, so that process.exit(), a
// worker's terminate() and a normal end all stop and join the threads first.
#pragma once

#include <napi.h>

namespace ringbed::binding {

// checkPlan(plan): throws for a plan that cannot be
[[nodiscard]] Napi::Value check_plan(const Napi::CallbackInfo& info);

// start(plan, counters | null, state folder | null) -> {stop, ask(command): Promise<reply>,
// result: Promise<Uint8Array>}
[[nodiscard]] Napi::Value start(const Napi::CallbackInfo& info);

// generate(plan, path, counters | null) -> {stop, result: Promise<{frames, bytes}>}
[[nodiscard]] Napi::Value generate(const Napi::CallbackInfo& info);

// calibrate() -> Promise<{name, ps}[]>
[[nodiscard]] Napi::Value calibrate(const Napi::CallbackInfo& info);

}  // namespace ringbed::binding
