#include "binding/classifier.hpp"

#include <memory>
#include <string>
#include <utility>

#include "binding/convert.hpp"
#include "binding/task.hpp"
#include "engine/map_watch.hpp"

namespace ringbed::binding {

namespace {

std::string text_of(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

Napi::Value to_value(Napi::Env env, const engine::Mismatch& first) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("frame", Napi::BigInt::New(env, first.frame));
  object.Set("field", first.field);
  Napi::Array sides = Napi::Array::New(env, 2);
  std::uint32_t at = 0;
  for (const engine::Mismatch::Side* side : {&first.first, &first.other}) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("executor", side->executor);
    row.Set("value", side->value);
    sides.Set(at++, row);
  }
  object.Set("sides", sides);
  object.Set("bytes", engine::hex_of(first.bytes, first.bytes.size()));
  return object;
}

Napi::Value to_value(Napi::Env env, const engine::ClassifierRunResult& run) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("program", run.program);
  object.Set("frames", Napi::BigInt::New(env, run.frames));
  object.Set("skipped", Napi::BigInt::New(env, run.skipped));
  Napi::Array verdicts = Napi::Array::New(env, run.verdicts.size());
  for (std::uint32_t i = 0; i < run.verdicts.size(); ++i) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", run.verdicts[i].name);
    row.Set("count", Napi::BigInt::New(env, run.verdicts[i].count));
    verdicts.Set(i, row);
  }
  object.Set("verdicts", verdicts);
  object.Set("mismatches", Napi::BigInt::New(env, run.mismatches));
  object.Set("first", run.first ? to_value(env, *run.first) : env.Null());
  object.Set("faults", Napi::BigInt::New(env, run.faults));
  object.Set("firstFault", run.first_fault);
  Napi::Array excepted = Napi::Array::New(env, run.excepted.size());
  for (std::uint32_t i = 0; i < run.excepted.size(); ++i) {
    excepted.Set(i, Napi::String::New(env, run.excepted[i]));
  }
  object.Set("excepted", excepted);
  return object;
}

}  // namespace

engine::ExecutorKind executor_kind(const Napi::Value& value) {
  const std::string name = value.ToString().Utf8Value();
  for (const auto kind :
       {engine::ExecutorKind::vm, engine::ExecutorKind::jit, engine::ExecutorKind::kernel}) {
    if (name == engine::to_string(kind)) return kind;
  }
  throw Napi::TypeError::New(value.Env(), "an executor is vm, jit or kernel, not " + name);
}

engine::ClassifierPlan classifier_plan(const Napi::Object& options) {
  engine::ClassifierPlan plan;
  plan.type = text_of(options, "type");
  plan.prog_array = text_of(options, "progArray");
  if (options.Get("maps").IsArray()) {
    const auto maps = options.Get("maps").As<Napi::Array>();
    for (std::uint32_t i = 0; i < maps.Length(); ++i) {
      const auto row = maps.Get(i).ToObject();
      plan.maps.push_back({text_of(row, "name"), row.Get("maxEntries").ToNumber().Uint32Value()});
    }
  }
  if (options.Get("stages").IsArray()) {
    const auto stages = options.Get("stages").As<Napi::Array>();
    for (std::uint32_t i = 0; i < stages.Length(); ++i) {
      plan.stages.push_back(stages.Get(i).ToString().Utf8Value());
    }
  }
  return plan;
}

Napi::Value classifier_run(const Napi::CallbackInfo& info) {
  if (!info[0].IsObject()) {
    throw Napi::TypeError::New(info.Env(), "options must be an object");
  }
  const auto given = info[0].As<Napi::Object>();
  auto options = std::make_shared<engine::ClassifierRunOptions>();
  options->plan = classifier_plan(given);
  options->plan.object = text_of(given, "object");
  options->plan.program = text_of(given, "program");
  options->frames = text_of(given, "frames");
  options->random = static_cast<std::uint64_t>(given.Get("random").ToNumber().Int64Value());
  bool lossless = false;
  options->seed = given.Get("seed").As<Napi::BigInt>().Uint64Value(&lossless);
  const auto in = given.Get("in").As<Napi::Array>();
  for (std::uint32_t i = 0; i < in.Length(); ++i) {
    options->in.push_back(executor_kind(in.Get(i)));
  }
  return Task::launch(
      info.Env(), "ringbed-classify", info.Env().Null(),
      [options](const engine::RunControl& control) {
        auto result = engine::run_classifier(*options, control);
        if (!result) {
          return Finished{result.error(), {}};
        }
        auto run = std::make_shared<engine::ClassifierRunResult>(std::move(result).value());
        return Finished{{}, [run](Napi::Env env) { return to_value(env, *run); }};
      });
}

}  // namespace ringbed::binding
