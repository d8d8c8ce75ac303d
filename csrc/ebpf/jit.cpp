// The JIT from outside: whether it can run here, and a program's way into it.
#include "ebpf/engine.hpp"
#include "ebpf/jit_translator.hpp"
#include "ebpf/machine.hpp"

namespace ringbed::ebpf {

namespace {

#if defined(__x86_64__)
base::Status probe() {
  if (!__builtin_cpu_supports("bmi2")) {
    return base::Error{base::ErrorCode::unavailable,
                       "the JIT needs a CPU with BMI2 (2013 or later)",
                       "the interpreter gives the same results"};
  }
  Translation ret;
  ret.bytes = {0xc3};
  const Machine machine;
  const auto code = NativeCode::publish(ret, machine);
  return code ? base::Status{} : base::Status{code.error()};
}
#else
base::Status probe() {
  return base::Error{base::ErrorCode::unavailable, "the JIT makes x86-64 code; this CPU is another",
                     "the interpreter gives the same results"};
}
#endif

}  // namespace

base::Status jit_available() {
  static const base::Status status = probe();
  return status;
}

Engine best_engine() { return jit_available() ? Engine::jit : Engine::interpreter; }

base::Status Machine::compile(Program& program) {
  program.set_native(nullptr);
  if (engine_ == Engine::interpreter) {
    return {};
  }
  auto code = NativeCode::publish(jit::Translator(program, *this).run(), *this);
  if (!code) {
    return code.error();
  }
  program.set_native(std::move(code).value());
  return {};
}

void Program::set_native(NativeCodePointer made) {
  machine = made == nullptr ? nullptr : made->machine();
  tail = made == nullptr ? nullptr : made->tail();
  start = made == nullptr ? nullptr : made->start();
  native = std::move(made);
}

}  // namespace ringbed::ebpf
