// The interfaces of this machine across the boundary, for `ringbed nic list`.
#pragma once

#include <napi.h>

namespace ringbed::binding {

// nics() -> a row an interface (src/native/native.ts, NicRow). Throws with code and hint.
[[nodiscard]] Napi::Value nics(const Napi::CallbackInfo& info);

}  // namespace ringbed::binding
