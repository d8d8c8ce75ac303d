// `ringbed classifier load|swap|unload` across the boundary.
#pragma once

#include <napi.h>

namespace ringbed::binding {

// loadClassifier(options) -> {mode, entry, swap(options), stages(), close()}
[[nodiscard]] Napi::Function classifier_loader(Napi::Env env);

// swapPinned(folder, options)
Napi::Value swap_pinned(const Napi::CallbackInfo& info);
// unloadPinned(folder)
Napi::Value unload_pinned(const Napi::CallbackInfo& info);

}  // namespace ringbed::binding
