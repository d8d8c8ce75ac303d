#include "binding/ebpf.hpp"

#include <algorithm>
#include <vector>

#include "binding/convert.hpp"
#include "ebpf/exec.hpp"

namespace ringbed::binding {

Napi::Value ebpf_exec(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const base::ByteView code = bytes_of(info[0], "code");
  const base::ByteView given = bytes_of(info[1], "memory");
  if (!info[2].IsObject()) {
    throw Napi::TypeError::New(env, "options must be an object {cpu, strict, jit}");
  }
  const auto wanted = info[2].As<Napi::Object>();
  const std::uint32_t cpu = wanted.Get("cpu").ToNumber().Uint32Value();
  ebpf::ExecOptions options;
  options.decode.cpu = static_cast<ebpf::CpuVersion>(std::clamp<std::uint32_t>(cpu, 1, 4));
  options.decode.mode =
      wanted.Get("strict").ToBoolean() ? ebpf::Mode::kernel_strict : ebpf::Mode::isa;
  options.engine = wanted.Get("jit").ToBoolean() ? ebpf::Engine::jit : ebpf::Engine::interpreter;
  std::vector<std::uint8_t> memory(given.begin(), given.end());
  const auto result = ebpf::exec(code, memory, options);
  if (!result) {
    throw to_js(env, result.error());
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("r0", Napi::BigInt::New(env, result.value().r0));
  object.Set("instructions", Napi::BigInt::New(env, result.value().instructions));
  return object;
}

}  // namespace ringbed::binding
