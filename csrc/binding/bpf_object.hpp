// An eBPF object made real, as a JavaScript object: programs to try, maps to read and write.
#pragma once

#include <napi.h>

namespace ringbed::binding {

// openBpfObject(path, executor | null, options) -> the object
[[nodiscard]] Napi::Function bpf_object_opener(Napi::Env env);

}  // namespace ringbed::binding
