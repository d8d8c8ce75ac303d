#include "binding/tables.hpp"

#include <string>

#include "base/counters.hpp"
#include "base/reasons.hpp"
#include "device/devices.hpp"
#include "device/logics.hpp"
#include "device/pools.hpp"
#include "device/tables.hpp"
#include "engine/backends.hpp"
#include "feed/feeds.hpp"
#include "wire/protocols.hpp"

namespace ringbed::binding {

namespace {

Napi::String text(Napi::Env env, std::string_view value) {
  return Napi::String::New(env, value.data(), value.size());
}

template <typename Row>
Napi::Object named(Napi::Env env, const Row& row) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", text(env, row.name));
  object.Set("text", text(env, row.text));
  return object;
}

template <typename Rows, typename More>
Napi::Array list(Napi::Env env, const Rows& rows, More more) {
  Napi::Array array = Napi::Array::New(env);
  for (const auto& row : rows) {
    Napi::Object object = named(env, row);
    more(object, row);
    array.Set(array.Length(), object);
  }
  return array;
}

template <typename Rows>
Napi::Array list(Napi::Env env, const Rows& rows) {
  return list(env, rows, [](const Napi::Object&, const auto&) {});
}

Napi::Array counters(Napi::Env env, std::span<const base::CounterRow> rows) {
  return list(env, rows, [env](Napi::Object& object, const base::CounterRow& row) {
    object.Set("kind", text(env, row.kind == base::CounterKind::count ? "count" : "level"));
  });
}

Napi::Array fields(Napi::Env env, std::span<const wire::FieldSpec> specs) {
  return list(env, specs, [env](Napi::Object& object, const wire::FieldSpec& field) {
    object.Set("type", text(env, wire::to_string(field.type)));
    object.Set("offsetBits", Napi::Number::New(env, field.offset_bits));
    object.Set("bits", Napi::Number::New(env, field.bits));
    object.Set("settable", Napi::Boolean::New(env, field.settable));
  });
}

}  // namespace

Napi::Object tables(Napi::Env env) {
  Napi::Object all = Napi::Object::New(env);
  all.Set("reasons", list(env, base::kReasons));
  all.Set("stages", list(env, base::kStages));
  all.Set("counters", counters(env, base::kCounters));
  all.Set("streamCounters", counters(env, base::kStreamCounters));
  all.Set("ringCounters", counters(env, base::kRingCounters));
  all.Set("coreCounters", counters(env, base::kCoreCounters));
  all.Set("devices", list(env, device::device_kinds()));
  all.Set("pools", list(env, device::pool_kinds()));
  all.Set("tables", list(env, device::table_kinds()));
  all.Set("logics", list(env, device::logic_kinds()));
  all.Set("backends",
          list(env, engine::backends(), [env](Napi::Object& object, const engine::Backend& row) {
            object.Set("available", Napi::Boolean::New(env, row.available));
            object.Set("reason", text(env, row.reason));
            object.Set("hint", text(env, row.hint));
          }));
  all.Set("protocols",
          list(env, wire::protocols(), [env](Napi::Object& object, const wire::Protocol& row) {
            object.Set("fields", fields(env, row.fields));
          }));
  all.Set("payloads",
          list(env, feed::kPayloads, [env](Napi::Object& object, const feed::Payload& row) {
            object.Set("size", Napi::Number::New(env, static_cast<double>(row.bytes)));
            object.Set("fields", fields(env, row.fields));
          }));
  return all;
}

}  // namespace ringbed::binding
