#include "binding/nics.hpp"

#include <algorithm>
#include <string>

#include "binding/convert.hpp"
#include "port/nic_info.hpp"

namespace ringbed::binding {

namespace {

// Null when the driver does not tell.
template <typename Struct, typename Fill>
Napi::Value part(Napi::Env env, const std::optional<Struct>& value, Fill fill) {
  if (!value) {
    return env.Null();
  }
  Napi::Object object = Napi::Object::New(env);
  fill(object, *value);
  return object;
}

void fill_driver(Napi::Env env, Napi::Object& row, const port::NicInfo& info) {
  const auto set = [env](Napi::Object& object, const char* name, std::uint32_t value) {
    object.Set(name, Napi::Number::New(env, value));
  };
  row.Set("driver", info.driver.name);
  row.Set("bus", info.driver.bus);
  row.Set("channels", part(env, info.channels, [&](Napi::Object& object, const auto& value) {
            set(object, "combined", value.combined_count);
            set(object, "maxCombined", value.max_combined);
            set(object, "rx", value.rx_count);
            set(object, "maxRx", value.max_rx);
            set(object, "tx", value.tx_count);
            set(object, "maxTx", value.max_tx);
          }));
  row.Set("rings", part(env, info.rings, [&](Napi::Object& object, const auto& value) {
            set(object, "rx", value.rx_pending);
            set(object, "maxRx", value.rx_max_pending);
            set(object, "tx", value.tx_pending);
            set(object, "maxTx", value.tx_max_pending);
          }));
  row.Set("coalesce", part(env, info.coalescing, [&](Napi::Object& object, const auto& value) {
            set(object, "rxUsecs", value.rx_coalesce_usecs);
            set(object, "rxFrames", value.rx_max_coalesced_frames);
          }));
  row.Set("xdp", part(env, info.xdp, [&](Napi::Object& object, const port::XdpFeatures& value) {
            object.Set("native", value.native());
            object.Set("redirect", value.redirect());
            object.Set("redirectTarget", value.redirect_target());
            object.Set("zeroCopy", value.zero_copy());
            object.Set("multiBuffer", value.multi_buffer());
            object.Set("offload", value.offload());
            object.Set("rxTimestamp", value.rx_timestamp());
            object.Set("txTimestamp", value.tx_timestamp());
          }));
  row.Set("offloads", list_of(env, info.offloads));
}

Napi::Object row_of(Napi::Env env, const port::NicInfo& info) {
  Napi::Object row = Napi::Object::New(env);
  row.Set("name", info.link.name);
  row.Set("index", Napi::Number::New(env, info.link.index));
  row.Set("mac", port::mac_text(info.link.mac));
  row.Set("mtu", Napi::Number::New(env, info.link.mtu));
  row.Set("up", info.link.up());
  row.Set("carrier", info.link.running());
  row.Set("defaultRoute", info.default_route);
  row.Set("xdpPrograms", Napi::Number::New(env, info.link.xdp_programs));
  row.Set("queues", Napi::Number::New(env, info.rx_queues()));
  row.Set("speedMbps",
          info.speed_mbps ? Napi::Value(Napi::Number::New(env, *info.speed_mbps)) : env.Null());
  row.Set("numaNode",
          info.numa_node >= 0 ? Napi::Value(Napi::Number::New(env, info.numa_node)) : env.Null());
  Napi::Object clocks = Napi::Object::New(env);
  clocks.Set("rx", info.rx_hardware_timestamps);
  clocks.Set("tx", info.tx_hardware_timestamps);
  clocks.Set("ptp", info.clock >= 0 ? Napi::Value(Napi::Number::New(env, info.clock)) : env.Null());
  row.Set("hardwareTimestamps", clocks);
  fill_driver(env, row, info);
  return row;
}

}  // namespace

Napi::Value nics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto rows = port::nics();
  if (!rows) {
    throw to_js(env, rows.error());
  }
  Napi::Array array = Napi::Array::New(env);
  for (const port::NicInfo& row : rows.value()) {
    array.Set(array.Length(), row_of(env, row));
  }
  return array;
}

}  // namespace ringbed::binding
