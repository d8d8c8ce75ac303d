// Values across the boundary: errors with `code` and `hint`, byte views, and the live counters.
// The only folder that includes <napi.h>.
#pragma once

#include <napi.h>

#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ringbed::binding {

// A JavaScript Error with message, code and hint.
[[nodiscard]] Napi::Error to_js(Napi::Env env, const base::Error& error);

// The bytes of a Uint8Array (or Buffer); throws a TypeError for anything else.
// Valid while `value` lives.
[[nodiscard]] base::ByteView bytes_of(const Napi::Value& value, const char* what);

// The cells of a BigUint64Array, which may lie in a SharedArrayBuffer; empty for null.
[[nodiscard]] std::span<std::uint64_t> cells_of(const Napi::Value& value);

[[nodiscard]] Napi::Value to_js(Napi::Env env, std::span<const std::uint8_t> bytes);

[[nodiscard]] Napi::Array list_of(Napi::Env env, const std::vector<std::string>& texts);

}  // namespace ringbed::binding
