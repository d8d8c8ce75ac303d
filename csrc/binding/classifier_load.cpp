#include "binding/classifier_load.hpp"

#include <memory>
#include <string>

#include "binding/classifier.hpp"
#include "binding/convert.hpp"
#include "engine/loaded_classifier.hpp"

namespace ringbed::binding {

namespace {

std::string text_of(const Napi::Object& options, const char* key) {
  const Napi::Value value = options.Get(key);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

Napi::Object options_of(const Napi::Value& value) {
  if (!value.IsObject()) {
    throw Napi::TypeError::New(value.Env(), "options must be an object");
  }
  return value.As<Napi::Object>();
}

// No simulation: what the stages are told is the default, and how many there are.
engine::Plan plan_of(const Napi::Object& options) {
  engine::Plan plan;
  plan.world = engine::Plan::World::nic;
  plan.has_classifier = true;
  plan.classifier = classifier_plan(options);
  plan.classifier.object = text_of(options, "object");
  plan.classifier.program = text_of(options, "program");
  return plan;
}

engine::OneStage slot_of(const Napi::Object& options) {
  const Napi::Value value = options.Get("slot");
  return value.IsNumber() ? engine::OneStage(value.ToNumber().Uint32Value()) : std::nullopt;
}

engine::LoadRequest request_of(const Napi::Object& options) {
  engine::LoadRequest request;
  request.plan = plan_of(options);
  request.interface = text_of(options, "interface");
  request.space = text_of(options, "namespace");
  request.pin = text_of(options, "pin");
  request.allowed = options.Get("allowed").ToBoolean();
  auto mode = engine::attach_mode(text_of(options, "mode"));
  if (!mode) {
    throw to_js(options.Env(), mode.error());
  }
  request.mode = mode.value();
  return request;
}

class LoadedHandle : public Napi::ObjectWrap<LoadedHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "LoadedClassifier",
                       {InstanceMethod<&LoadedHandle::swap>("swap"),
                        InstanceMethod<&LoadedHandle::stages>("stages"),
                        InstanceMethod<&LoadedHandle::detach>("detach"),
                        InstanceMethod<&LoadedHandle::close>("close"),
                        InstanceAccessor<&LoadedHandle::mode>("mode"),
                        InstanceAccessor<&LoadedHandle::entry>("entry")});
  }

  explicit LoadedHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<LoadedHandle>(info) {
    auto loaded = engine::LoadedClassifier::load(request_of(options_of(info[0])));
    if (!loaded) {
      throw to_js(info.Env(), loaded.error());
    }
    loaded_ = std::move(loaded).value();
  }

 private:
  engine::LoadedClassifier& open(Napi::Env env) {
    if (loaded_ == nullptr) {
      throw Napi::Error::New(env, "the classifier is unloaded");
    }
    return *loaded_;
  }

  Napi::Value swap(const Napi::CallbackInfo& info) {
    const Napi::Object options = options_of(info[0]);
    auto fresh = open(info.Env()).swap(plan_of(options), slot_of(options));
    if (!fresh) {
      throw to_js(info.Env(), fresh.error());
    }
    Napi::Array names = Napi::Array::New(info.Env(), fresh.value().size());
    for (std::uint32_t i = 0; i < fresh.value().size(); ++i) {
      names.Set(i, fresh.value()[i]);
    }
    return names;
  }

  Napi::Value stages(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    Napi::Array rows = Napi::Array::New(env);
    for (const engine::ClassifierStage& stage : open(env).stages()) {
      Napi::Object row = Napi::Object::New(env);
      row.Set("slot", stage.slot);
      row.Set("name", stage.name);
      row.Set("hits", Napi::BigInt::New(env, stage.hits));
      row.Set("misses", Napi::BigInt::New(env, stage.misses));
      row.Set("ns", Napi::BigInt::New(env, stage.ns));
      Napi::Object verdicts = Napi::Object::New(env);
      for (const engine::NamedCount& verdict : stage.verdicts) {
        verdicts.Set(verdict.name, Napi::BigInt::New(env, verdict.count));
      }
      row.Set("verdicts", verdicts);
      rows.Set(rows.Length(), row);
    }
    return rows;
  }

  Napi::Value mode(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), open(info.Env()).mode());
  }
  Napi::Value entry(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), open(info.Env()).entry());
  }
  void detach(const Napi::CallbackInfo& info) { open(info.Env()).detach(); }
  void close(const Napi::CallbackInfo&) { loaded_.reset(); }

  std::unique_ptr<engine::LoadedClassifier> loaded_;
};

void check(Napi::Env env, const base::Status& status) {
  if (!status) {
    throw to_js(env, status.error());
  }
}

}  // namespace

Napi::Function classifier_loader(Napi::Env env) {
  auto constructor =
      std::make_shared<Napi::FunctionReference>(Napi::Persistent(LoadedHandle::define(env)));
  return Napi::Function::New(
      env, [constructor](const Napi::CallbackInfo& info) { return constructor->New({info[0]}); },
      "loadClassifier");
}

Napi::Value swap_pinned(const Napi::CallbackInfo& info) {
  const Napi::Object options = options_of(info[1]);
  check(info.Env(),
        engine::swap_pinned(info[0].ToString().Utf8Value(), plan_of(options), slot_of(options)));
  return info.Env().Undefined();
}

Napi::Value unload_pinned(const Napi::CallbackInfo& info) {
  check(info.Env(), engine::unload_pinned(info[0].ToString().Utf8Value()));
  return info.Env().Undefined();
}

}  // namespace ringbed::binding
