#include "binding/bpf_object.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/classifier.hpp"
#include "binding/convert.hpp"
#include "engine/classifier_object.hpp"
#include "engine/object_json.hpp"

namespace ringbed::binding {

namespace {

class BpfObjectHandle : public Napi::ObjectWrap<BpfObjectHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "BpfObject",
                       {InstanceMethod<&BpfObjectHandle::describe>("describe"),
                        InstanceMethod<&BpfObjectHandle::run>("run"),
                        InstanceMethod<&BpfObjectHandle::read>("read"),
                        InstanceMethod<&BpfObjectHandle::value_bytes>("valueBytes"),
                        InstanceMethod<&BpfObjectHandle::write>("write"),
                        InstanceMethod<&BpfObjectHandle::remove>("remove"),
                        InstanceMethod<&BpfObjectHandle::next_key>("nextKey"),
                        InstanceMethod<&BpfObjectHandle::read_batch>("readBatch"),
                        InstanceMethod<&BpfObjectHandle::write_batch>("writeBatch"),
                        InstanceMethod<&BpfObjectHandle::remove_batch>("removeBatch"),
                        InstanceMethod<&BpfObjectHandle::drain>("drain"),
                        InstanceMethod<&BpfObjectHandle::close>("close")});
  }

  explicit BpfObjectHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<BpfObjectHandle>(info) {
    engine::ClassifierPlan plan = classifier_plan(info[2].ToObject());
    plan.object = info[0].ToString().Utf8Value();
    auto object = engine::open_object(plan);
    if (!object) throw to_js(info.Env(), object.error());
    object_ = std::move(object).value();
    if (info[1].IsString()) {
      auto made = engine::make_executor(executor_kind(info[1]), object_->file, object_->spec);
      if (!made) throw to_js(info.Env(), made.error());
      executor_ = std::move(made).value();
    }
  }

 private:
  Napi::Value describe(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), engine::object_json(*object_, executor_.get()));
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const std::string name = info[0].ToString().Utf8Value();
    const int program = opened(env).program(name);
    if (program < 0) {
      throw to_js(env, {base::ErrorCode::invalid, "the object has no program " + name, ""});
    }
    engine::Execution execution;
    executor_->run(program, bytes_of(info[1], "frame"), execution);
    if (execution.refused) return env.Null();
    Napi::Object result = Napi::Object::New(env);
    result.Set("verdict", Napi::Number::New(env, execution.verdict));
    result.Set("name", engine::verdict_name(object_->spec.program(name)->type, execution.verdict));
    result.Set("frame", to_js(env, execution.frame));
    result.Set("instructions", Napi::BigInt::New(env, execution.instructions));
    result.Set("ns", Napi::Number::New(env, execution.ns));
    result.Set("fault", execution.fault);
    return result;
  }

  Napi::Value read(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    const base::ByteView key = key_of(info, map, 1);
    std::vector<std::uint8_t> value(executor_->value_bytes(map));
    const int fault = executor_->read(map, key.data(), value.data());
    return fault == 0 ? to_js(info.Env(), value) : Napi::Number::New(info.Env(), fault);
  }

  Napi::Value value_bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), executor_->value_bytes(map_of(info)));
  }

  Napi::Value write(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    const base::ByteView key = key_of(info, map, 1);
    const base::ByteView value = bytes_of(info[2], "value");
    if (value.size() != executor_->value_bytes(map)) {
      throw wrong_size(info.Env(), "value", value.size(), executor_->value_bytes(map));
    }
    return Napi::Number::New(info.Env(), executor_->write(map, key.data(), value.data(),
                                                          info[3].ToNumber().Uint32Value()));
  }

  Napi::Value remove(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    return Napi::Number::New(info.Env(), executor_->remove(map, key_of(info, map, 1).data()));
  }

  Napi::Value next_key(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    std::vector<std::uint8_t> next(object_->spec.maps[map].key_size);
    const std::uint8_t* key = info[1].IsNull() ? nullptr : key_of(info, map, 1).data();
    const int fault = next.empty() ? -ENOENT : executor_->next_key(map, key, next.data());
    return fault == 0 ? to_js(info.Env(), next) : Napi::Number::New(info.Env(), fault);
  }

  // (map, count, cursor | null, and delete)
  Napi::Value read_batch(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    const std::uint32_t key_bytes = object_->spec.maps[map].key_size;
    const std::uint32_t count = info[1].ToNumber().Uint32Value();
    std::vector<std::uint8_t> keys(std::size_t{count} * key_bytes);
    std::vector<std::uint8_t> values(std::size_t{count} * executor_->value_bytes(map));
    std::vector<std::uint8_t> cursor(ebpf::cursor_bytes(key_bytes));
    ebpf::Batch batch;
    batch.keys = keys.data();
    batch.values = values.data();
    batch.count = count;
    batch.out = cursor.data();
    if (!info[2].IsNull()) {
      const base::ByteView in = bytes_of(info[2], "cursor");
      if (in.size() != cursor.size()) {
        throw wrong_size(info.Env(), "cursor", in.size(), cursor.size());
      }
      std::ranges::copy(in, cursor.begin());
      batch.in = cursor.data();
    }
    const bool take = info[3].ToBoolean();
    const int error = executor_->batch(
        map, take ? ebpf::BatchOperation::take : ebpf::BatchOperation::lookup, batch);
    Napi::Object result = batch_result(info.Env(), error, batch);
    result.Set("cursor", to_js(info.Env(), cursor));
    result.Set("keys", to_js(info.Env(), keys));
    result.Set("values", to_js(info.Env(), values));
    return result;
  }

  // (map, keys, values)
  Napi::Value write_batch(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    ebpf::Batch batch = given_keys(info, map);
    const base::ByteView values = bytes_of(info[2], "values");
    const std::size_t wanted = std::size_t{batch.count} * executor_->value_bytes(map);
    if (values.size() != wanted) throw wrong_size(info.Env(), "values", values.size(), wanted);
    batch.values = const_cast<std::uint8_t*>(values.data());  // an update only reads them
    const int error = executor_->batch(map, ebpf::BatchOperation::update, batch);
    return batch_result(info.Env(), error, batch);
  }

  // (map, keys)
  Napi::Value remove_batch(const Napi::CallbackInfo& info) {
    const std::size_t map = map_of(info);
    ebpf::Batch batch = given_keys(info, map);
    const int error = executor_->batch(map, ebpf::BatchOperation::remove, batch);
    return batch_result(info.Env(), error, batch);
  }

  ebpf::Batch given_keys(const Napi::CallbackInfo& info, std::size_t map) const {
    const base::ByteView keys = bytes_of(info[1], "keys");
    const std::size_t key_bytes = object_->spec.maps[map].key_size;
    if (key_bytes == 0 ? !keys.empty() : keys.size() % key_bytes != 0) {
      throw wrong_size(info.Env(), "keys", keys.size(), key_bytes);
    }
    ebpf::Batch batch;
    batch.keys = const_cast<std::uint8_t*>(keys.data());  // only read
    batch.count = key_bytes == 0 ? 0 : static_cast<std::uint32_t>(keys.size() / key_bytes);
    return batch;
  }

  static Napi::Object batch_result(Napi::Env env, int error, const ebpf::Batch& batch) {
    Napi::Object result = Napi::Object::New(env);
    result.Set("error", Napi::Number::New(env, error));
    result.Set("count", Napi::Number::New(env, batch.count));
    return result;
  }

  Napi::Value drain(const Napi::CallbackInfo& info) {
    const std::vector<ebpf::Event> events = opened(info.Env()).drain(map_of(info));
    Napi::Array array = Napi::Array::New(info.Env(), events.size());
    for (std::uint32_t i = 0; i < events.size(); ++i) {
      array.Set(i, to_js(info.Env(), events[i].bytes));
    }
    return array;
  }

  void close(const Napi::CallbackInfo&) { executor_.reset(); }

  engine::BpfExecutor& opened(Napi::Env env) {
    if (executor_ == nullptr) {
      throw to_js(env, {base::ErrorCode::invalid, "the object is closed, or only described", ""});
    }
    return *executor_;
  }

  // The index in info[0], of a map that is there, of an object that is open.
  std::size_t map_of(const Napi::CallbackInfo& info) {
    static_cast<void>(opened(info.Env()));
    const std::uint32_t map = info[0].ToNumber().Uint32Value();
    if (map >= object_->spec.maps.size()) {
      throw Napi::RangeError::New(info.Env(), "no map " + std::to_string(map));
    }
    return map;
  }

  base::ByteView key_of(const Napi::CallbackInfo& info, std::size_t map, std::size_t argument) {
    const base::ByteView key = bytes_of(info[argument], "key");
    if (key.size() != object_->spec.maps[map].key_size) {
      throw wrong_size(info.Env(), "key", key.size(), object_->spec.maps[map].key_size);
    }
    return key;
  }

  static Napi::Error wrong_size(Napi::Env env, const char* what, std::size_t have,
                                std::size_t want) {
    return Napi::RangeError::New(env, std::string(what) + " has " + std::to_string(have) +
                                          " bytes, not " + std::to_string(want));
  }

  std::unique_ptr<engine::ClassifierObject> object_;
  std::unique_ptr<engine::BpfExecutor> executor_;  // nullptr: closed, or only described
};

}  // namespace

Napi::Function bpf_object_opener(Napi::Env env) {
  auto constructor =
      std::make_shared<Napi::FunctionReference>(Napi::Persistent(BpfObjectHandle::define(env)));
  return Napi::Function::New(
      env,
      [constructor](const Napi::CallbackInfo& info) {
        return constructor->New({info[0], info[1], info[2]});
      },
      "openBpfObject");
}

}  // namespace ringbed::binding
