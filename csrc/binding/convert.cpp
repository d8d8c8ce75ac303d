#include "binding/convert.hpp"

#include <string>

namespace ringbed::binding {

Napi::Error to_js(Napi::Env env, const base::Error& error) {
  Napi::Error thrown = Napi::Error::New(env, error.message);
  thrown.Set("code", Napi::String::New(env, base::to_string(error.code)));
  thrown.Set("hint", Napi::String::New(env, error.hint));
  return thrown;
}

base::ByteView bytes_of(const Napi::Value& value, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a Uint8Array");
  }
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ElementLength()};
}

std::span<std::uint64_t> cells_of(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) {
    return {};
  }
  // napi_get_typedarray_info, because it also gives the address of shared memory.
  napi_typedarray_type type{};
  std::size_t length = 0;
  void* data = nullptr;
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != napi_biguint64_array) {
    throw Napi::TypeError::New(value.Env(), "counters must be a BigUint64Array or null");
  }
  return {static_cast<std::uint64_t*>(data), length};
}

Napi::Value to_js(Napi::Env env, std::span<const std::uint8_t> bytes) {
  auto array = Napi::Uint8Array::New(env, bytes.size());
  std::copy(bytes.begin(), bytes.end(), array.Data());
  return array;
}

Napi::Array list_of(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    array.Set(i, texts[i]);
  }
  return array;
}

}  // namespace ringbed::binding
