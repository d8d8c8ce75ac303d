#include "ebpf/engine.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf {

class NativeCode {};

void NativeCodeDeleter::operator()(const NativeCode* code) const noexcept { delete code; }

base::Status jit_available() {
  return base::Error{base::ErrorCode::unavailable, "this build has no JIT",
                     "leave --jit out: the interpreter gives the same results"};
}

Engine best_engine() { return jit_available() ? Engine::jit : Engine::interpreter; }

base::Status Machine::compile(Program& program) {
  program.native.reset();
  return engine_ == Engine::interpreter ? base::Status{} : jit_available();
}

}  // namespace ringbed::ebpf
