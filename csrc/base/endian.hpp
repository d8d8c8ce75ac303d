// Unaligned loads and stores in wire (big-endian) and little-endian order.
// memcpy plus a byte swap compiles to one mov/bswap (or movbe) on every target
// we build for, and never reads through a misaligned pointer (UBSan-clean).
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace ringbed::base {

template <std::unsigned_integral T>
[[nodiscard]] constexpr T byte_swap(T value) noexcept {
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(value));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(value));
  } else {
    return static_cast<T>(__builtin_bswap64(value));
  }
}

// From host order to wire order or back: what a value becomes that is kept with its bytes as on the
// wire.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T network_order(T value) noexcept {
  return std::endian::native == std::endian::little ? byte_swap(value) : value;
}

// Reads a T in host order; the caller guarantees sizeof(T) readable bytes.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_native(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <std::unsigned_integral T>
inline void store_native(std::uint8_t* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

template <std::unsigned_integral T>
[[nodiscard]] inline T load_be(const std::uint8_t* from) noexcept {
  const T raw = load_native<T>(from);
  return std::endian::native == std::endian::little ? byte_swap(raw) : raw;
}

template <std::unsigned_integral T>
inline void store_be(std::uint8_t* to, T value) noexcept {
  store_native(to, std::endian::native == std::endian::little ? byte_swap(value) : value);
}

template <std::unsigned_integral T>
[[nodiscard]] inline T load_le(const std::uint8_t* from) noexcept {
  const T raw = load_native<T>(from);
  return std::endian::native == std::endian::little ? raw : byte_swap(raw);
}

template <std::unsigned_integral T>
inline void store_le(std::uint8_t* to, T value) noexcept {
  store_native(to, std::endian::native == std::endian::little ? value : byte_swap(value));
}

}  // namespace ringbed::base
