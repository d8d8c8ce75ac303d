#include "binding/tasks.hpp"

#include <memory>

#include "binding/convert.hpp"
#include "binding/task.hpp"
#include "engine/calibrate.hpp"
#include "engine/plan.hpp"
#include "engine/plan_check.hpp"
#include "engine/run.hpp"

namespace ringbed::binding {

namespace {

engine::Plan plan_of(const Napi::Value& value) {
  auto plan = engine::decode_plan(bytes_of(value, "plan"));
  if (!plan) {
    throw to_js(value.Env(), plan.error());
  }
  return std::move(plan).value();
}

}  // namespace

Napi::Value check_plan(const Napi::CallbackInfo& info) {
  if (const base::Status status = engine::check_plan(plan_of(info[0])); !status) {
    throw to_js(info.Env(), status.error());
  }
  return info.Env().Undefined();
}

Napi::Value start(const Napi::CallbackInfo& info) {
  auto plan = std::make_shared<engine::Plan>(plan_of(info[0]));
  return Task::launch(
      info.Env(), "ringbed-run", info[1],
      [plan](const engine::RunControl& control) {
        auto result = engine::run(*plan, control);
        if (!result) {
          return Finished{result.error(), {}};
        }
        auto bytes = std::make_shared<std::vector<std::uint8_t>>(engine::encode(result.value()));
        return Finished{{}, [bytes](Napi::Env env) { return to_js(env, *bytes); }};
      },
      info[2].IsString() ? info[2].ToString().Utf8Value() : std::string());
}

Napi::Value generate(const Napi::CallbackInfo& info) {
  auto plan = std::make_shared<engine::Plan>(plan_of(info[0]));
  const std::string path = info[1].ToString().Utf8Value();
  return Task::launch(
      info.Env(), "ringbed-gen", info[2], [plan, path](const engine::RunControl& control) {
        const auto result = engine::generate(*plan, path, control);
        if (!result) {
          return Finished{result.error(), {}};
        }
        const engine::Generated generated = result.value();
        return Finished{{}, [generated](Napi::Env env) -> Napi::Value {
                          Napi::Object object = Napi::Object::New(env);
                          object.Set("frames", Napi::BigInt::New(env, generated.frames));
                          object.Set("bytes", Napi::BigInt::New(env, generated.bytes));
                          return object;
                        }};
      });
}

Napi::Value calibrate(const Napi::CallbackInfo& info) {
  const Napi::Object handle =
      Task::launch(info.Env(), "ringbed-cal", info.Env().Null(), [](const engine::RunControl&) {
        auto costs = engine::calibrate();
        if (!costs) {
          return Finished{costs.error(), {}};
        }
        return Finished{{}, [rows = std::move(costs).value()](Napi::Env env) -> Napi::Value {
                          Napi::Array array = Napi::Array::New(env, rows.size());
                          for (std::uint32_t i = 0; i < rows.size(); ++i) {
                            Napi::Object row = Napi::Object::New(env);
                            row.Set("name", rows[i].name);
                            row.Set("ps", static_cast<double>(rows[i].ps));
                            array.Set(i, row);
                          }
                          return array;
                        }};
      });
  return handle.Get("result");
}

}  // namespace ringbed::binding
