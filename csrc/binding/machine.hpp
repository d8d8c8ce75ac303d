// What this machine and this process allow, for `ringbed doctor`; and what killed runs have left of
// it, for `ringbed nic`.
#pragma once

#include <napi.h>

namespace ringbed::binding {

// machine() -> MachineFacts of src/native/native.ts.
[[nodiscard]] Napi::Value machine(const Napi::CallbackInfo& info);

// nicsLeftBehind(folder) -> the interfaces whose settings killed runs have changed.
[[nodiscard]] Napi::Value nics_left_behind(const Napi::CallbackInfo& info);

// restoreNics(folder) -> a sentence for each of them, which it puts back.
[[nodiscard]] Napi::Value restore_nics(const Napi::CallbackInfo& info);

}  // namespace ringbed::binding
