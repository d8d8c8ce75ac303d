// Raw bytecode across the boundary, for `ringbed ebpf exec`.
#pragma once

#include <napi.h>

namespace ringbed::binding {

// ebpfExec(code: Uint8Array, memory: Uint8Array, {cpu: 1 to 4, strict, jit}) ->
// {r0: bigint, instructions: bigint}. `memory` is copied, not changed.
[[nodiscard]] Napi::Value ebpf_exec(const Napi::CallbackInfo& info);

}  // namespace ringbed::binding
