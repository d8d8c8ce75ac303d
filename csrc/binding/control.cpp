#include "binding/control.hpp"

#include <string>

#include "binding/convert.hpp"

namespace ringbed::binding {

namespace {

using engine::ControlCommand;
using engine::ControlReply;

device::IpAddress address_of(const Napi::Value& value, const char* what) {
  const device::IpAddress address = device::IpAddress::from(bytes_of(value, what));
  if (address.is_none()) {
    throw Napi::TypeError::New(value.Env(), std::string(what) + " must have 4 or 16 bytes");
  }
  return address;
}

ControlCommand command_of(const Napi::Value& value) {
  if (!value.IsObject()) {
    throw Napi::TypeError::New(value.Env(), "a command must be an object");
  }
  const auto object = value.As<Napi::Object>();
  const std::string name = object.Get("command").ToString().Utf8Value();
  ControlCommand command;
  static constexpr std::pair<std::string_view, ControlCommand::Kind> kNames[] = {
      {"status", ControlCommand::Kind::status},
      {"stats", ControlCommand::Kind::stats},
      {"reset", ControlCommand::Kind::reset},
      {"enable", ControlCommand::Kind::enable},
      {"disable", ControlCommand::Kind::disable},
      {"config", ControlCommand::Kind::config},
      {"clear-connections", ControlCommand::Kind::clear_connections},
  };
  for (const auto& [text, kind] : kNames) {
    if (text == name) {
      command.kind = kind;
      if (kind == ControlCommand::Kind::config) {
        command.ip = address_of(object.Get("ip"), "ip");
        command.port = static_cast<std::uint16_t>(object.Get("port").ToNumber().Uint32Value());
        command.protocol =
            static_cast<std::uint8_t>(object.Get("protocol").ToNumber().Uint32Value());
        if (!object.Get("group").IsUndefined() && !object.Get("group").IsNull()) {
          command.group = address_of(object.Get("group"), "group");
        }
      }
      return command;
    }
  }
  throw Napi::TypeError::New(value.Env(), "there is no command " + name);
}

Napi::Value number(Napi::Env env, std::uint64_t value) { return Napi::BigInt::New(env, value); }

Napi::Object stats_of(Napi::Env env, const ControlReply& reply) {
  const device::DeviceStats& stats = reply.stats;
  Napi::Object object = Napi::Object::New(env);
  object.Set("received", number(env, stats.in));
  object.Set("processed", number(env, stats.processed));
  object.Set("bypassed", number(env, stats.bypassed));
  object.Set("responded", number(env, stats.responded));
  object.Set("dropped", number(env, stats.dropped()));
  Napi::Array drops = Napi::Array::New(env);
  for (std::size_t stage = 0; stage < base::kStageCount; ++stage) {
    for (std::size_t reason = 0; reason < base::kReasonCount; ++reason) {
      if (stats.drops[stage][reason] != 0) {
        Napi::Object row = Napi::Object::New(env);
        row.Set("stage", std::string(base::kStages[stage].name));
        row.Set("reason", std::string(base::kReasons[reason].name));
        row.Set("count", number(env, stats.drops[stage][reason]));
        drops.Set(drops.Length(), row);
      }
    }
  }
  object.Set("drops", drops);
  Napi::Object time = Napi::Object::New(env);
  time.Set("count", number(env, stats.time.count));
  time.Set("last", number(env, stats.time.last_ns));
  time.Set("min", number(env, stats.time.min_ns));
  time.Set("max", number(env, stats.time.max_ns));
  time.Set("mean", Napi::Number::New(env, stats.time.mean_ns()));
  object.Set("processingNs", time);
  return object;
}

Napi::Object connections_of(Napi::Env env, const device::ConnectionStats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("active", Napi::Number::New(env, stats.active));
  object.Set("peak", Napi::Number::New(env, stats.peak));
  object.Set("inserted", number(env, stats.inserted));
  object.Set("closed", number(env, stats.closed));
  object.Set("expired", number(env, stats.expired));
  object.Set("evicted", number(env, stats.evicted));
  object.Set("rejected", number(env, stats.rejected));
  object.Set("cleared", number(env, stats.cleared));
  object.Set("lookups", number(env, stats.lookups));
  return object;
}

Napi::Object pool_of(Napi::Env env, const ControlReply& reply) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", reply.pool_kind);
  object.Set("size", Napi::Number::New(env, reply.pool_size));
  object.Set("inUse", Napi::Number::New(env, reply.pool.in_use));
  object.Set("inUsePeak", Napi::Number::New(env, reply.pool.in_use_peak));
  object.Set("exhausted", number(env, reply.pool.exhausted));
  return object;
}

Napi::Object to_js(Napi::Env env, const ControlReply& reply) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("timeNs", number(env, reply.time_ns));
  object.Set("enabled", Napi::Boolean::New(env, reply.enabled));
  object.Set("cores", Napi::Number::New(env, reply.cores));
  Napi::Object target = Napi::Object::New(env);
  target.Set("ip", binding::to_js(env, reply.target.ip.view()));
  target.Set("port", Napi::Number::New(env, reply.target.port));
  target.Set("protocol", Napi::Number::New(env, reply.protocol));
  Napi::Array groups = Napi::Array::New(env);
  for (const device::IpAddress& group : reply.groups) {
    groups.Set(groups.Length(), binding::to_js(env, group.view()));
  }
  target.Set("groups", groups);
  object.Set("target", target);
  object.Set("stats", stats_of(env, reply));
  object.Set("connections", connections_of(env, reply.connections));
  object.Set("pool", pool_of(env, reply));
  object.Set("cleared", number(env, reply.cleared));
  return object;
}

// Waits for the run's answer on one of libuv's threads: seconds at the very most.
class Asking final : public Napi::AsyncWorker {
 public:
  Asking(Napi::Env env, std::shared_ptr<engine::ControlDesk> desk, ControlCommand command)
      : Napi::AsyncWorker(env, "ringbed-ask"),
        deferred_(Napi::Promise::Deferred::New(env)),
        desk_(std::move(desk)),
        command_(std::move(command)) {}

  [[nodiscard]] Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { answer_ = desk_->ask(command_); }
  void OnOK() override {
    if (answer_.ok()) {
      deferred_.Resolve(to_js(Env(), answer_.value()));
    } else {
      deferred_.Reject(binding::to_js(Env(), answer_.error()).Value());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<engine::ControlDesk> desk_;
  ControlCommand command_;
  base::Result<ControlReply> answer_ = base::Error{};
};

}  // namespace

Napi::Value ask(const Napi::CallbackInfo& info, const std::shared_ptr<engine::ControlDesk>& desk) {
  auto* const asking = new Asking(info.Env(), desk, command_of(info[0]));
  const Napi::Promise promise = asking->promise();
  asking->Queue();  // deletes itself
  return promise;
}

}  // namespace ringbed::binding
