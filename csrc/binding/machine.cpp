#include "binding/machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "binding/convert.hpp"
#include "ebpf/kernel_collection.hpp"
#include "port/nic_settings.hpp"
#include "port/privilege.hpp"

namespace ringbed::binding {

namespace {

constexpr const char* kTypes = "/sys/kernel/btf/vmlinux";

}  // namespace

Napi::Value machine(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object facts = Napi::Object::New(env);
  Napi::Array capabilities = Napi::Array::New(env);
  for (const port::Capability capability : port::kCapabilities) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", std::string(port::to_string(capability)));
    row.Set("purpose", std::string(port::purpose_of(capability)));
    row.Set("held", port::has(capability));
    capabilities.Set(capabilities.Length(), row);
  }
  facts.Set("capabilities", capabilities);
  rlimit limit{};
  const bool known = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  facts.Set("memlockBytes",
            known ? Napi::Value(Napi::Number::New(env, static_cast<double>(limit.rlim_cur)))
                  : env.Null());
  facts.Set("libbpf", ebpf::libbpf_version());
  facts.Set("libbpfRefusal", ebpf::libbpf_refusal());
  facts.Set("kernelTypes", access(kTypes, R_OK) == 0);
  return facts;
}

Napi::Value nics_left_behind(const Napi::CallbackInfo& info) {
  const std::string folder = info[0].ToString().Utf8Value();
  return list_of(info.Env(), port::NicSettings::left_behind(folder));
}

Napi::Value restore_nics(const Napi::CallbackInfo& info) {
  const std::string folder = info[0].ToString().Utf8Value();
  return list_of(info.Env(), port::NicSettings::restore_left_behind(folder));
}

}  // namespace ringbed::binding
