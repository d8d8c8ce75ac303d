// The lists that TypeScript reads from the addon, so that there is no second copy to drift:
// drop reasons, stages, counters, kinds, backends, protocols and payloads with their fields.
#pragma once

#include <napi.h>

namespace ringbed::binding {

[[nodiscard]] Napi::Object tables(Napi::Env env);

}  // namespace ringbed::binding
