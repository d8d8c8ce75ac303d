// The addon's surface (src/native/native.ts types it). TypeScript hands a plan over once and reads
// counters from shared memory; nothing here is called per packet.
#include <napi.h>

#include <string>

#include "binding/bpf_object.hpp"
#include "binding/classifier.hpp"
#include "binding/classifier_load.hpp"
#include "binding/convert.hpp"
#include "binding/ebpf.hpp"
#include "binding/machine.hpp"
#include "binding/nics.hpp"
#include "binding/tables.hpp"
#include "binding/tasks.hpp"
#include "engine/decode.hpp"

namespace ringbed::binding {

namespace {

// openDecoder(path) -> {next(maxFrames), problem(), close()}
class DecoderHandle : public Napi::ObjectWrap<DecoderHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Decoder",
                       {InstanceMethod<&DecoderHandle::next>("next"),
                        InstanceMethod<&DecoderHandle::problem>("problem"),
                        InstanceMethod<&DecoderHandle::close>("close")});
  }

  explicit DecoderHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DecoderHandle>(info) {
    auto opened = engine::Decoder::open(info[0].ToString().Utf8Value());
    if (!opened) {
      throw to_js(info.Env(), opened.error());
    }
    decoder_ = std::make_unique<engine::Decoder>(std::move(opened).value());
  }

 private:
  Napi::Value next(const Napi::CallbackInfo& info) {
    if (decoder_ == nullptr) {
      return info.Env().Null();
    }
    const std::string lines = decoder_->next(info[0].ToNumber().Uint32Value());
    return lines.empty() ? info.Env().Null() : Napi::String::New(info.Env(), lines);
  }

  Napi::Value problem(const Napi::CallbackInfo& info) {
    if (decoder_ == nullptr || decoder_->problem().ok()) {
      return info.Env().Null();
    }
    return to_js(info.Env(), decoder_->problem().error()).Value();
  }

  void close(const Napi::CallbackInfo&) { decoder_.reset(); }

  std::unique_ptr<engine::Decoder> decoder_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("version", Napi::String::New(env, RINGBED_VERSION));
  exports.Set("tables", tables(env));
  exports.Set("checkPlan", Napi::Function::New(env, check_plan, "checkPlan"));
  exports.Set("start", Napi::Function::New(env, start, "start"));
  exports.Set("generate", Napi::Function::New(env, generate, "generate"));
  exports.Set("calibrate", Napi::Function::New(env, calibrate, "calibrate"));
  exports.Set("ebpfExec", Napi::Function::New(env, ebpf_exec, "ebpfExec"));
  exports.Set("nics", Napi::Function::New(env, nics, "nics"));
  exports.Set("nicsLeftBehind", Napi::Function::New(env, nics_left_behind, "nicsLeftBehind"));
  exports.Set("restoreNics", Napi::Function::New(env, restore_nics, "restoreNics"));
  exports.Set("machine", Napi::Function::New(env, machine, "machine"));
  exports.Set("classifierRun", Napi::Function::New(env, classifier_run, "classifierRun"));
  exports.Set("loadClassifier", classifier_loader(env));
  exports.Set("swapPinned", Napi::Function::New(env, swap_pinned, "swapPinned"));
  exports.Set("unloadPinned", Napi::Function::New(env, unload_pinned, "unloadPinned"));
  exports.Set("openBpfObject", bpf_object_opener(env));
  const Napi::Function decoder = DecoderHandle::define(env);
  exports.Set(
      "openDecoder",
      Napi::Function::New(
          env,
          [constructor = std::make_shared<Napi::FunctionReference>(Napi::Persistent(decoder))](
              const Napi::CallbackInfo& info) { return constructor->New({info[0]}); },
          "openDecoder"));
  return exports;
}

}  // namespace

NODE_API_MODULE(ringbed, init)

}  // namespace ringbed::binding
